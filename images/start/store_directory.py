"""The store as a directory that the containers of one host share (Docker). Layout: README.md."""
import fcntl
import json
import os
from contextlib import contextmanager

from common import CANNOT_WRITE, Stop


class Store:
    """What a deployment's containers tell each other. `config` is {"path": directory}."""

    def __init__(self, config: dict):
        self.root = config["path"]

    def _path(self, *parts: str) -> str:
        # The slash of an id becomes __, so that an id is one name and cannot lead out of the store.
        return os.path.join(self.root, *(part.replace("/", "__") for part in parts))

    def _read(self, path: str) -> dict:
        """The record at `path`; {} when there is none, or when it is not one of ours (half a disk, an edited file)."""
        try:
            with open(path, encoding="utf-8") as file:
                record = json.load(file)
            return record if isinstance(record, dict) else {}
        except (OSError, ValueError):
            return {}

    def _write(self, path: str, record: dict, mode: int = 0o644, durable: bool = True) -> None:
        """Replaces the record at `path` at once: a reader sees the old one or the new one. Raises OSError."""
        folder, name = os.path.split(path)
        self._folder(folder)
        temporary = os.path.join(folder, ".%s.%d.%s" % (name, os.getpid(), os.urandom(4).hex()))
        try:
            with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
                os.fchmod(file.fileno(), mode)  # whatever the umask is
                json.dump(record, file)
                file.flush()
                if durable:
                    os.fsync(file.fileno())
            os.rename(temporary, path)
        except BaseException:
            if os.path.exists(temporary):
                os.unlink(temporary)
            raise
        if durable:
            handle = os.open(folder, os.O_RDONLY)
            os.fsync(handle)  # the rename itself
            os.close(handle)

    def _folder(self, path: str) -> None:
        """Makes `path`, open to every user with the sticky bit: containers of one deployment run as different users."""
        if not os.path.isdir(path):
            self._folder(os.path.dirname(path))
            try:
                os.mkdir(path)
                os.chmod(path, 0o1777)
            except FileExistsError:
                pass

    def watch(self):
        """A file descriptor that becomes readable when records change, whereupon refresh() is called; None where the
        store can only be asked, as here."""
        return None

    def task(self, task: str, fingerprint: str) -> dict:
        """The record of this task with this fingerprint, {} when there is none."""
        return self._read(self._path("tasks", task, fingerprint + ".json"))

    def record_task(self, task: str, fingerprint: str, record: dict) -> None:
        self._write(self._path("tasks", task, fingerprint + ".json"), record)

    def output(self, owner: str, key: str):
        """The value (text) that `owner` published under `key`, None when it has not."""
        return self._read(self._path("outputs", owner + ".json")).get("outputs", {}).get(key)

    def publish_outputs(self, owner: str, outputs: dict, secret: bool = False) -> None:
        """Adds to what `owner` has published. Secret values are for root and their owner only."""
        path = self._path("outputs", owner + ".json")
        merged = {**self._read(path).get("outputs", {}), **outputs}
        self._write(path, {"id": owner, "outputs": merged}, 0o600 if secret else 0o644)

    def publish_waiting(self, instance: str, report: dict) -> None:
        # Not durable: after a power cut the container starts anew and says so again.
        self._write(self._path("waiting", instance + ".json"), report, durable=False)

    @contextmanager
    def lock(self, task: str, fingerprint: str, on_wait=lambda: None):
        """Holds the lock of one task run; `on_wait` is called once if another run has it. Raises Stop(73)."""
        path = self._path("tasks", task, fingerprint + ".lock")
        try:
            self._folder(os.path.dirname(path))
            handle = self._open_lock(path)
        except OSError as error:
            raise Stop(CANNOT_WRITE, "user %d cannot write the record of task %s to the store %s: %s"
                       % (os.getuid(), task, self.root, os.strerror(error.errno).lower()))
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

    def _open_lock(self, path: str) -> int:
        # O_CREAT on a file of another user in a sticky folder is refused by fs.protected_regular, even to root: so the
        # file is opened without it where it exists.
        while True:
            try:
                return os.open(path, os.O_RDWR)
            except FileNotFoundError:
                pass
            try:
                handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
                os.fchmod(handle, 0o666)
                return handle
            except FileExistsError:
                pass  # another run was faster
