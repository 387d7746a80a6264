"""Files with lines for each instance of a workload: written anew as instances come and go, and the process told of it.

A line with `@{each.ID}` in it stands there once for each registered instance of the workload ID, without that word;
`@{one.name}`, `@{one.node}`, `@{one.address}` and `@{one.port:ENDPOINT}` in it are the instance's.
"""
import re
import select
import signal
import threading

from common import explain, replace, say
from task import FORWARDED

LINE = re.compile(rb"[^\n]*@\{each\.([^{}\s]+)\}[^\n]*\n?")
WORD = re.compile(rb"@\{one\.(name|node|address|port:([^{}\s]+))\}")

TOGETHER = 0.3  # seconds in which those that come or go are told of at once
AGAIN = 1.0  # seconds after which what did not succeed is tried again
PATIENCE = 30.0  # seconds that a command may take


def _line(line: bytes, instance: dict) -> bytes:
    """The line of one instance; none where it has no such port."""
    words = {b"name": instance["instance"], b"node": instance["node"], b"address": instance["address"]}
    ports = instance["ports"]
    if any(endpoint and endpoint.decode() not in ports for _, endpoint in WORD.findall(line)):
        return b""
    return WORD.sub(lambda word: str(ports[word[2].decode()] if word[2] else words[word[1]]).encode(), line)


class Renewed:
    """The files of one container that follow the registry, and what it says of that: whom it names of each workload."""

    def __init__(self, store):
        self.store, self.files, self.named = store, {}, {}

    def add(self, data: bytes, target: str, mode: int, owner) -> bytes:
        """What a file holds by now. From `start` on it is kept so."""
        text = self._expand(data)
        self.files[target] = [text, data, mode, owner]
        return text

    def _expand(self, data: bytes) -> bytes:
        def lines(found) -> bytes:
            line, workload = found[0].replace(b"@{each.%s}" % found[1], b""), found[1].decode()
            records = self.store.records("registry", workload)
            self.named[workload] = [record["instance"] for record in records]
            return b"".join(_line(line, record) for record in records)
        return LINE.sub(lines, data)

    def start(self, instance: str, ended) -> None:
        """Follows until `ended`, where "renew" says what to do: "run" (commands), then send "signal" (may be null)."""
        if self.files and self.store.config.get("renew"):
            # Until the process is there to be told, and its parent hands signals on (task.py), they wait.
            signal.pthread_sigmask(signal.SIG_BLOCK, FORWARDED)
            words = self.store.config["renew"], instance, ended
            threading.Thread(target=self._follow, args=words, daemon=True).start()

    def _follow(self, renew: dict, instance: str, ended) -> None:
        is_old, said = False, None
        while not ended.is_set():
            try:
                is_old = self._write() or is_old
                if is_old:
                    self._tell(renew)
                is_old, patience = False, None
                if said != self.named:
                    self.store.write(self.named, "following", instance, keep=True)
                    said = dict(self.named)
            except Exception as error:  # ZooKeeper does not answer, the disk is full: it goes on with what it has
                say("cannot follow the registry: %s" % explain(error))
                patience = AGAIN
            if select.select([self.store.readable], [], [], patience)[0]:
                ended.wait(TOGETHER)
                self.store.refresh()

    def _write(self) -> bool:
        """Writes what changed; whether anything did."""
        changed = False
        for target, file in self.files.items():
            before, data, mode, owner = file
            text = self._expand(data)
            if text != before:
                replace(target, text, mode, owner)
                file[0], changed = text, True
        return changed

    def _tell(self, renew: dict) -> None:
        for command in renew["run"]:
            if self.store.run(command, PATIENCE) != b"0\n":
                raise RuntimeError("%s does not end well" % " ".join(command))
        if renew["signal"]:
            signal.pthread_kill(threading.main_thread().ident, signal.Signals[renew["signal"]])
