"""The store as a directory that the containers of one host share (Docker). Layout: README.md."""
import fcntl
import json
import os
from contextlib import contextmanager

from common import CANNOT_WRITE, Stop, explain, replace


def _make(folder: str) -> None:
    """Makes a folder, open to every user with the sticky bit: containers of one deployment run as different users."""
    try:
        os.makedirs(folder)
        os.chmod(folder, 0o1777)
    except FileExistsError:
        pass


class Store:
    """What a deployment's containers tell each other. `config` is {"path": directory}."""

    def __init__(self, config: dict):
        self.root = config["path"]

    def _path(self, *parts: str) -> str:
        # The slash of an id becomes __, so that an id is one name and cannot lead out of the store.
        return os.path.join(self.root, *(part.replace("/", "__") for part in parts))

    def _read(self, *parts: str) -> dict:
        """The record there; {} when there is none, or when it is not one of ours (half a disk, an edited file)."""
        try:
            with open(self._path(*parts), encoding="utf-8") as file:
                return json.load(file)
        except (OSError, ValueError):
            return {}

    def _write(self, record: dict, *parts: str, durable: bool = True) -> None:
        path = self._path(*parts)
        _make(os.path.dirname(path))
        replace(path, json.dumps(record).encode(), 0o644, durable=durable)

    def watch(self, _needs: list):
        """A file descriptor that becomes readable when records change, whereupon refresh() is called; None where the
        store can only be asked, as here."""
        return None

    def task(self, task: str, fingerprint: str) -> dict:
        """The record of this task with this fingerprint, {} when there is none."""
        return self._read("tasks", task, fingerprint + ".json")

    def record_task(self, task: str, fingerprint: str, record: dict) -> None:
        self._write(record, "tasks", task, fingerprint + ".json")

    def output(self, owner: str, key: str):
        """A published value, None when there is none."""
        return self._read("outputs", owner + ".json").get("outputs", {}).get(key)

    def publish_outputs(self, owner: str, outputs: dict) -> None:
        self._write({"id": owner, "outputs": outputs}, "outputs", owner + ".json")

    def publish_waiting(self, instance: str, report: dict) -> None:
        # Not durable: after a power cut the container starts anew and says so again.
        self._write(report, "waiting", instance + ".json", durable=False)

    @contextmanager
    def lock(self, task: str, on_wait):
        """Holds the lock of a task, its folder's; `on_wait` is called once if another run has it. Raises Stop(73)."""
        folder = self._path("tasks", task)
        try:
            _make(folder)
            handle = os.open(folder, os.O_RDONLY)
            if not os.access(folder, os.W_OK):
                raise PermissionError(0, "permission denied")
        except OSError as error:
            raise Stop(CANNOT_WRITE, "user %d cannot write the record of task %s to the store %s: %s"
                       % (os.getuid(), task, self.root, explain(error)))
        # The command inherits the lock: should this program be killed alone, the lock lasts as long as the command.
        os.set_inheritable(handle, True)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                on_wait()
                fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            fcntl.flock(handle, fcntl.LOCK_UN)  # said outright: a process that the command left behind has it too
            os.close(handle)
