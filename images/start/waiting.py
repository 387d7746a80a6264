"""Waits until every need of a spec is met: all are asked at the same time, each endpoint in a thread of its own.
The resolver can only block, and neither SIGTERM nor the other probes may wait for a name server that is gone.

The needs need not all hold at one moment. A need that was met is not asked again, since an endpoint can go away one
millisecond after any check, and every service must live with that; to ask for all at once would let one endpoint that
comes and goes hold up everyone, and would multiply the probes. But a need that was met long ago says little: where the
wait went on for more than FRESH seconds after it, an endpoint is asked once more before the process starts. So each
endpoint has answered within the last FRESH seconds. Records of tasks and outputs do not go away, and are asked once.
"""
import os
import select
from threading import Thread
from time import monotonic

import probes
from common import CONFIG, TIMED_OUT, Stop, explain, say, timestamp

FRESH = 10.0           # seconds
REPORT_INTERVAL = 1.0  # seconds between two reports at least
SILENCE = 0.5          # seconds before the first report: most waits that are none end before it


def pause(elapsed: float) -> float:
    """Seconds between two probes of a need: 0.2 in the first ten seconds, then 2 % of the time waited, 1 at most."""
    return min(1.0, max(0.2, elapsed / 50))


NAMES = {"endpoint": "%(name)s", "task": "task %(task)s %(fingerprint)s", "output": "output %(output)s:%(key)s",
         "service": "%(name)s"}


class Need:
    """One need of the spec and how far it is. Raises Stop(78) for one that is not understood."""

    def __init__(self, need: dict, store):
        self.need, self.store = need, store
        try:
            self.kind = need["kind"]
            self.name = NAMES[self.kind] % need
            if self.kind == "endpoint":
                probes.KINDS[need["probe"]["type"]]
        except KeyError as error:
            raise Stop(CONFIG, "the need %s is not understood: %s" % (need, error))
        self.error = self.met_at = None  # what the last answer was, and when it was a good one (monotonic seconds)
        self.next_at, self.is_asked = 0, False  # when to ask next, and whether an answer is still to come

    def ask(self) -> None:
        """Returns when the need is met now, raises NotReady or another error when it is not."""
        if self.kind == "endpoint":
            probes.ask(self.need["probe"])
        elif self.kind == "task":
            record = self.store.task(self.need["task"], self.need["fingerprint"])
            if not record:
                raise probes.NotReady("has no record")
            if record.get("state") != "done":
                raise probes.NotReady("failed with exit code %s" % record.get("exitCode"))
        elif self.kind == "service":
            self.store.service(self.need["service"])
            if "probe" in self.need:  # it serves; whether its name leads there from here is asked next, and at once
                self.kind, self.next_at = "endpoint", 0
                raise probes.NotReady("has not answered here yet")
        elif self.store.output(self.need["output"], self.need["key"]) is None:
            raise probes.NotReady("has not been published")


class Waiter:
    """One wait: `run` returns when all needs are met, or raises Stop(75) after `timeoutSeconds` (null: never)."""

    def __init__(self, spec: dict, store):
        self.spec, self.store = spec, store
        self.needs = [Need(need, store) for need in spec["needs"]]
        self.answers, self.answered = os.pipe()  # a byte for each answer wakes `run`
        self.begin, self.since = monotonic(), timestamp()
        self.end = float("inf") if spec["timeoutSeconds"] is None else self.begin + spec["timeoutSeconds"]
        self.reported, self.report_at, self.unwritable = None, self.begin + SILENCE, False

    def run(self) -> None:
        watched = self.store.watch([need.need for need in self.needs])
        files = [self.answers] if watched is None else [self.answers, watched]
        while True:
            now = monotonic()
            for need in self.needs:
                if need.met_at is None and not need.is_asked and now >= need.next_at:
                    need.next_at, need.is_asked = now + pause(now - self.begin), True
                    if need.kind == "endpoint":
                        Thread(target=self._ask, args=(need,), daemon=True).start()
                    else:
                        self._ask(need)  # a store need not bear threads
            unmet = [need for need in self.needs if need.met_at is None]
            if not unmet and not self._ask_again(now):
                break
            text = ", ".join("%s (%s)" % (need.name, need.error or "no answer yet") for need in unmet)
            if now >= self.end:
                self._publish("timed-out")
                raise Stop(TIMED_OUT, "%s gave up after %g s; not met: %s" % (
                    self.spec["id"], self.spec["timeoutSeconds"], text))
            if now >= self.report_at and text not in ("", self.reported):
                self.reported, self.report_at = text, now + REPORT_INTERVAL
                self._publish("waiting")
                say("%s waits for %s" % (self.spec["id"], text))
            wake = [need.next_at for need in self.needs if need.met_at is None and not need.is_asked]
            wake += [now + 1, self.end] + [self.report_at] * (self.report_at > now)
            ready, _, _ = select.select(files, [], [], max(0.0, min(wake) - monotonic()))
            if self.answers in ready:
                os.read(self.answers, 4096)
            if watched in ready:
                self.store.refresh()
                for need in unmet:
                    need.next_at = 0
        self._publish("started")
        if self.reported:
            say("%s starts after %.1f s" % (self.spec["id"], monotonic() - self.begin))

    def _ask(self, need: Need) -> None:
        """Asks once, keeps what came of it and wakes `run`."""
        try:
            need.ask()
            need.met_at, need.error = monotonic(), None
        except Exception as error:  # whatever it is, the operator reads it
            need.error = explain(error)
        need.is_asked = False
        os.write(self.answered, b".")

    def _ask_again(self, now: float) -> bool:
        """True when endpoints were met too long ago: they then count as unmet until they answer once more."""
        old = [need for need in self.needs if need.kind == "endpoint" and now - need.met_at > FRESH]
        for need in old:
            need.met_at, need.next_at, self.report_at = None, 0, max(self.report_at, now + SILENCE)
        return bool(old)

    def _publish(self, state: str) -> None:
        """Tells the store; README.md has the fields. A store that cannot be written is said once and does no harm."""
        try:
            self.store.publish_waiting(self.spec["instance"], {
                "id": self.spec["id"], "instance": self.spec["instance"], "node": self.spec["node"], "state": state,
                "since": self.since, "at": timestamp(), "waitedSeconds": round(monotonic() - self.begin, 3),
                "needs": [{"need": need.name, "kind": need.kind, "error": need.error, "metAfterSeconds":
                           need.met_at and round(need.met_at - self.begin, 3)} for need in self.needs]})
        except OSError as error:
            if not self.unwritable:
                say("warning: cannot tell the store what %s waits for: %s" % (self.spec["id"], error))
            self.unwritable = True
