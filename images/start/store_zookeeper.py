"""The store as ZooKeeper keeps it: records of tasks, outputs, who waits for what, who is registered. Layout: README.md.

What is told of a process that runs goes with it: it is in ephemeral nodes, so this program stays beside the process.
"""
import atexit
import json
import os
import select
import shutil
import threading
from contextlib import contextmanager

import probes
from common import CANNOT_WRITE, Stop, explain
from fill import Filler
from store_filled import filled
from store_zookeeper_each import Renewed
from store_zookeeper_client import LOST, NODE_EXISTS, Refused, Session
from store_zookeeper_registry import Registration


def _key(owner: str) -> str:
    return owner.replace("/", "__")


class Store:
    """What a deployment's containers tell each other. `config`: "servers", "root" (the deployment's node), "user" and
    "password" of its containers, "acl" of what they make, "folder" with what was fetched, and for a workload
    "register" (store_zookeeper_registry.py), "renew" (store_zookeeper_each.py) and "follows" (outputs that it is filled
    with)."""

    def __init__(self, config: dict):
        self.config, self.root, self.acl = config, config["root"], config["acl"]
        self.readable, self.writable = os.pipe()
        os.set_blocking(self.writable, False)
        self.known = {}  # what was read since something has changed
        self.renewed = Renewed(self)
        self.session = Session(config["servers"], config["user"], config["password"], changed=self._changed)
        atexit.register(self._end)

    def _changed(self) -> None:
        self.known = {}
        try:
            os.write(self.writable, b".")
        except BlockingIOError:
            pass  # whoever reads it is late, and will see all of it

    def path(self, *parts: str) -> str:
        return "/".join((self.root, *map(_key, parts)))

    def find(self, ask, *parts: str):
        """What ZooKeeper answers, which is watched: it is asked again only when something has changed."""
        path, known = self.path(*parts), self.known  # which is another one when something has changed meanwhile
        if path not in known:
            known[path] = ask(path, watch=True)
        return known[path]

    def read(self, *parts: str) -> dict:
        """The record there; {} when there is none, or when it is not one of ours."""
        try:
            return json.loads(self.find(self.session.get, *parts) or b"{}")
        except ValueError:
            return {}

    def write(self, record: dict, *parts: str, keep: bool = False) -> None:
        self.session.put(self.path(*parts), json.dumps(record).encode(), self.acl, keep=keep)

    def watch(self, _needs: list):
        """A file descriptor that becomes readable when something that was read has changed."""
        return self.readable

    def refresh(self) -> None:
        os.read(self.readable, 65536)

    def task(self, task: str, fingerprint: str) -> dict:
        """The record of this task with this fingerprint ("current": the one wanted now), {} when there is none."""
        if fingerprint == "current":
            fingerprint = (self.find(self.session.get, "tasks", task) or b"").decode() or "none"
        return self.read("tasks", task, fingerprint)

    def record_task(self, task: str, fingerprint: str, record: dict) -> None:
        self.write(record, "tasks", task, fingerprint)

    def output(self, owner: str, key: str):
        return self.read("outputs", owner).get("outputs", {}).get(key)

    def publish_outputs(self, owner: str, outputs: dict) -> None:
        self.write({"id": owner, "outputs": outputs}, "outputs", owner)

    def publish_waiting(self, instance: str, report: dict) -> None:
        if report["state"] == "started" and self.config.get("follows"):
            report = {**report, "filled": filled(self, self.config["follows"])}
        self.write(report, "waiting", instance, keep=True)

    def service(self, name: str) -> None:
        """Returns when an instance of it is registered, else raises NotReady."""
        if not self.find(self.session.children, "registry", name):
            raise probes.NotReady("none is registered")

    def records(self, *parts: str) -> list:
        """The records below, in the order of their names."""
        names = self.find(self.session.children, *parts) or []
        return list(filter(None, (self.read(*parts, one) for one in names)))

    def each(self, data: bytes, *target) -> bytes:
        return self.renewed.add(data, *target)

    @contextmanager
    def lock(self, task: str, on_wait):
        """Holds the lock of a task until this program ends: a node of its session. Raises Stop(73)."""
        self._forget_files()
        path, mine = self.path("locks", task), os.urandom(16).hex().encode()
        told = False
        while True:
            try:
                self.session.create(path, mine, self.acl, ephemeral=True)
                break
            except Refused as error:
                if error.code not in (NODE_EXISTS, LOST):
                    raise Stop(CANNOT_WRITE, "the lock of task %s cannot be taken: %s" % (task, explain(error)))
            there = self.session.get(path, watch=True)
            if there == mine:  # the answer was lost, the lock was not
                break
            if there is not None:
                if not told:
                    on_wait()
                told = True
                select.select([self.readable], [], [])
                self.refresh()
        yield

    @contextmanager
    def beside(self, spec: dict):
        """What goes on while a process runs: it is registered once it is healthy, and no longer than it lives."""
        ended, before = threading.Event(), None
        if self.config.get("register"):
            filled = Filler(spec, self).text(json.dumps(self.config["register"]).encode(), "what is registered")
            registration = Registration(self, spec, json.loads(filled))
            threading.Thread(target=registration.keep, args=(ended,), daemon=True).start()
            before = registration.before
        self.renewed.start(spec["instance"], ended)
        self._forget_files()
        yield before
        ended.set()

    def run(self, command: list, timeout: float) -> bytes:
        """What a command ended with, as a shell tells it: it is not ours to wait for, since task.py waits for all."""
        answer, told = os.pipe()
        try:
            words = ["sh", "-c", '"$@" >/dev/null 2>&1 </dev/null; echo $?', "sh", *command]
            os.posix_spawnp("sh", words, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, told, 1)], setsigmask=())
            ready, _, _ = select.select([answer], [], [], max(timeout, 1.0))
            return os.read(answer, 16) if ready else b""
        finally:
            os.close(answer)
            os.close(told)

    def _end(self) -> None:
        shutil.rmtree(self.config["folder"], ignore_errors=True)
        self.session.close()  # and with it all that is told of what has ended

    def _forget_files(self) -> None:
        """What was fetched has secrets in it; by now it is where it shall be. The program stays as long as it runs."""
        for name in ("files", "secrets", "spec.json"):
            path = os.path.join(self.config["folder"], name)
            if os.path.isdir(path):
                shutil.rmtree(path)
            elif os.path.exists(path):
                os.unlink(path)
