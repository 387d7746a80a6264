"""An instance in the registry: there once it is healthy, and no longer than those who need it are served by it."""
import select
import signal
import threading
import time

import probes
from common import explain, say, timestamp
from store_zookeeper_client import Refused

GIVEN_UP = 3  # questions without an answer, after which a process is no longer registered
PATIENCE = 5.0  # seconds that who follows the registry has to let go of one that is about to end


class Registration:
    """`register`: "as" (the workload), "address", "ports" ({endpoint: port}), "probe" (null: none), "interval" (s), and
    "stop", the signal that ends the process."""

    def __init__(self, store, spec: dict, register: dict):
        self.store, self.register, self.lock = store, register, threading.Lock()
        self.who = {key: spec[key] for key in ("id", "instance", "node")}
        self.path = ("registry", register["as"], spec["instance"])
        self.is_there, self.leaves = False, False

    def keep(self, ended) -> None:
        """Sees to it until `ended` that it is registered while it is well."""
        silent = 0
        while not ended.is_set():
            try:
                self._ask(self.register["probe"], self.register["interval"])
                silent = 0
            except Exception:  # whatever it is, it is no answer
                silent += 1
            try:
                with self.lock:
                    self._tell(silent)
            except Refused as error:
                say("cannot tell that %s is there: %s" % (self.who["id"], explain(error)))
            ended.wait(self.register["interval"] if self.is_there else min(0.2, self.register["interval"]))

    def _tell(self, silent: int) -> None:
        if self.leaves:
            return
        if not silent and not self.is_there:
            where = {key: self.register[key] for key in ("address", "ports")}
            self.store.write({**self.who, **where, "since": timestamp()}, *self.path, keep=True)
            self.is_there = True
        elif self.is_there and silent >= GIVEN_UP:
            self._drop()

    def _drop(self) -> None:
        self.store.session.drop(self.store.path(*self.path))
        self.is_there = False

    def _ask(self, probe, timeout: float) -> None:
        """Returns when the process is well, else raises."""
        if probe and probe["type"] == "command":
            if self.store.run(probe["command"], timeout) != b"0\n":
                raise probes.NotReady("the command says no")
        elif probe:
            probes.ask(probe)

    def before(self, number: int, hand_on) -> bool:
        """Whether the signal waits until nobody sends the process requests any more; `hand_on` is called then. A second
        one does not wait."""
        if self.leaves or not self.is_there or number != signal.Signals[self.register["stop"]]:
            return False
        self.leaves = True
        threading.Thread(target=self._leave, args=(hand_on,), daemon=True).start()
        return True

    def _leave(self, hand_on) -> None:
        try:
            with self.lock:
                self._drop()
            end = time.monotonic() + PATIENCE
            while self._is_followed() and time.monotonic() < end:
                if select.select([self.store.readable], [], [], end - time.monotonic())[0]:
                    self.store.refresh()
        except Refused as error:
            say("cannot tell that %s goes: %s" % (self.who["id"], explain(error)))
        finally:
            hand_on()

    def _is_followed(self) -> bool:
        """Whether one says that it still sends requests here (store_zookeeper_each.py)."""
        named = (record.get(self.register["as"], ()) for record in self.store.records("following"))
        return any(self.who["instance"] in names for names in named)
