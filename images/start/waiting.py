"""Waits until every need of a spec is met: all are asked at the same time, in one selector, without threads.

The needs need not all hold at one moment. A need that was met is not asked again, since an endpoint can go away one
millisecond after any check, and every service must live with that; to ask for all at once would let one endpoint that
comes and goes hold up everyone, and would multiply the probes. But a need that was met long ago says little: where the
wait went on for more than FRESH seconds after it, an endpoint is asked once more before the process starts. So each
endpoint has answered within the last FRESH seconds. Records of tasks and outputs do not go away, and are asked once.
"""
import selectors
from time import monotonic

from common import CONFIG, TIMED_OUT, Stop, say, timestamp
from probes import KINDS, NotReady, explain

FRESH = 10.0           # seconds
ATTEMPT_LIMIT = 5.0    # seconds for one probe; a first request to a Python API may take more than one
REPORT_INTERVAL = 1.0  # seconds between two reports at least
SILENCE = 0.5          # seconds before the first report: most waits that are none end before it


def pause(elapsed: float) -> float:
    """Seconds between two probes of a need: 0.2 in the first ten seconds, then 2 % of the time waited, 1 at most."""
    return min(1.0, max(0.2, elapsed / 50))


def _ask_task(need: dict, store):
    record = store.task(need["task"], need["fingerprint"])
    if record.get("state") != "done":
        raise NotReady("failed with exit code %s" % record.get("exitCode") if record else "has no record")
    yield from ()


def _ask_output(need: dict, store):
    if store.output(need["output"], need["key"]) is None:
        raise NotReady("has not been published")
    yield from ()


class Need:
    """One need of the spec and how far it is. Raises Stop(78) for one that is not understood."""

    def __init__(self, need: dict, store):
        try:
            self.kind = need["kind"]
            if self.kind == "endpoint":
                self.name, probe, ask = need["name"], need["probe"], KINDS[need["probe"]["type"]]
                self.begin = lambda: ask(probe, self.turn)
            else:
                self.name = {"task": "task %(task)s %(fingerprint)s", "output": "output %(output)s:%(key)s"}[self.kind] % need
                self.begin = lambda: (_ask_task if self.kind == "task" else _ask_output)(need, store)
        except KeyError as error:
            raise Stop(CONFIG, "the need %s is not understood: %s" % (need, error))
        if store is None and self.kind != "endpoint":
            raise Stop(CONFIG, "%s is needed, but the spec has no store to look into" % self.name)
        self.error = None         # of the last probe
        self.met_at = None        # monotonic seconds
        self.next_at = self.turn = 0  # when to probe next, and the number of that probe
        self.attempt = self.fd = self.limit = None  # a running probe, what it waits for, when it is given up


class Waiter:
    """One wait: `run` returns when all needs are met, or raises Stop(75) after `timeoutSeconds` (null: never)."""

    def __init__(self, spec: dict, store):
        self.spec, self.store = spec, store
        self.needs = [Need(need, store) for need in spec["needs"]]
        self.selector = selectors.DefaultSelector()
        self.begin, self.since = monotonic(), timestamp()
        self.end = float("inf") if spec["timeoutSeconds"] is None else self.begin + spec["timeoutSeconds"]
        self.reported, self.report_at, self.unwritable = None, self.begin + SILENCE, False

    def run(self) -> None:
        watched = self.store.watch() if self.store else None
        if watched is not None:
            self.selector.register(watched, selectors.EVENT_READ)
        while True:
            now = monotonic()
            for need in self.needs:
                self._tend(need, now)
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
            wake = [need.limit if need.attempt else need.next_at for need in self.needs if need.met_at is None]
            wake += [self.end] + [self.report_at] * (self.report_at > now)
            for key, _ in self.selector.select(max(0.0, min(wake) - monotonic())):
                if key.data:
                    self._step(key.data)
                else:  # the store says that its records changed
                    self.store.refresh()
                    for need in unmet:
                        need.next_at = 0
        self.selector.close()
        self._publish("started")
        if self.reported:
            say("%s starts after %.1f s" % (self.spec["id"], monotonic() - self.begin))

    def _tend(self, need: Need, now: float) -> None:
        """Starts the next probe of a need, or gives up one that takes too long."""
        if need.attempt and now >= need.limit:
            need.attempt.close()
            self._ended(need, "no answer within %g s" % ATTEMPT_LIMIT)
        elif need.met_at is None and not need.attempt and now >= need.next_at:
            need.next_at, need.limit = now + pause(now - self.begin), now + ATTEMPT_LIMIT
            need.attempt = need.begin()
            need.turn += 1
            self._step(need)

    def _step(self, need: Need) -> None:
        """Lets a probe go on after its event, to its end or to the next event that it waits for."""
        if need.fd is not None:
            self.selector.unregister(need.fd)  # before the probe can close it
        try:
            need.fd, event = next(need.attempt)
            self.selector.register(need.fd, event, need)
        except StopIteration:
            self._ended(need, None)
        except (NotReady, OSError, LookupError, ValueError) as error:
            self._ended(need, explain(error))

    def _ended(self, need: Need, error) -> None:
        if need.fd is not None and need.fd in self.selector.get_map():
            self.selector.unregister(need.fd)
        need.attempt = need.fd = None
        need.error, need.met_at = error, None if error else monotonic()

    def _ask_again(self, now: float) -> bool:
        """True when endpoints were met too long ago: they then count as unmet until they answer once more."""
        old = [need for need in self.needs if need.kind == "endpoint" and now - need.met_at > FRESH]
        for need in old:
            need.met_at, need.next_at, self.report_at = None, 0, max(self.report_at, now + SILENCE)
        return bool(old)

    def _publish(self, state: str) -> None:
        """Tells the store; README.md has the fields. A store that cannot be written is said once and does no harm."""
        try:
            if self.store:
                self.store.publish_waiting(self.spec["instance"], {
                    "id": self.spec["id"], "instance": self.spec["instance"], "node": self.spec["node"], "state": state,
                    "since": self.since, "at": timestamp(), "waitedSeconds": round(monotonic() - self.begin, 3),
                    "needs": [{"need": need.name, "kind": need.kind, "error": need.error, "metAfterSeconds":
                               need.met_at and round(need.met_at - self.begin, 3)} for need in self.needs]})
        except OSError as error:
            if not self.unwritable:
                say("warning: cannot tell the store what %s waits for: %s" % (self.spec["id"], error))
            self.unwritable = True
