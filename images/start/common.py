"""What every part uses: the spec, the store, lines for the operator, and turning into the command at the end."""
import json
import os
import signal
import time

DEFAULTS = {"node": "", "needs": [], "fill": [], "timeoutSeconds": 600, "task": None}

# Exit codes, from sysexits.h where it has one that fits; README.md lists them for the engine.
CONFIG, CANNOT_WRITE, TIMED_OUT, NO_OUTPUT = 78, 73, 75, 65

# Python ignores these two, and what is ignored stays so across exec: the command's pipes would not end it any more.
IGNORED = (signal.SIGPIPE, signal.SIGXFSZ)


class Stop(Exception):
    """Ends the program: `code` is its exit status, the text is what the operator reads."""

    def __init__(self, code: int, text: str):
        super().__init__(text)
        self.code = code


def say(text: str) -> None:
    """Writes one plain line to stderr; a stderr that is gone must not keep a service from starting."""
    try:
        os.write(2, ("kollage-start: %s\n" % text).encode())
    except OSError:
        pass


def explain(error: Exception) -> str:
    """What an operator reads of an error: 'connection refused', 'HTTP 503'."""
    text = getattr(error, "strerror", None)
    return text.lower() if text else str(error)


def timestamp() -> str:
    """The time now, in UTC, as RFC 3339 with milliseconds."""
    now = time.time()
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + ".%03dZ" % (now % 1 * 1000)


def load(path: str) -> dict:
    """The spec at `path` with defaults filled in. Raises Stop(78) naming what is wrong with it."""
    try:
        with open(path, encoding="utf-8") as file:
            spec = {**DEFAULTS, **json.load(file)}
        if spec.get("include"):
            with open(spec["include"], encoding="utf-8") as file:
                spec.update(json.load(file))
    except (OSError, ValueError, TypeError) as error:
        raise Stop(CONFIG, "cannot read the spec %s: %s" % (path, error))
    for key in ("node", "instance"):
        spec[key] = os.environ.get("KOLLAGE_" + key.upper()) or spec.get(key)
    for key in ("id", "instance", "exec", "store"):
        if not spec.get(key):
            raise Stop(CONFIG, "the spec %s has no %s" % (path, key))
    return spec


def open_store(config: dict):
    """The store of the spec's `store`, an object with the methods listed in README.md. Raises Stop(78).

    Each type is a module store_<type>.py with a class Store, so that adding one touches no other file.
    """
    try:
        module = __import__("store_%s" % config.get("type"))
    except ImportError as error:
        raise Stop(CONFIG, "unknown store type '%s': %s" % (config.get("type"), error))
    return module.Store(config)


def environment() -> dict:
    """The environment, names and values in bytes, as the container engine set it: to os.environ Python adds LC_CTYPE
    where the locale is C (PEP 538)."""
    with open("/proc/self/environ", "rb") as file:
        return dict(entry.split(b"=", 1) for entry in file.read().split(b"\0") if b"=" in entry)


def cannot_run(argv: list, error: OSError) -> Stop:
    """What ends the program when `argv` cannot be run, with the exit code that a shell gives."""
    code = 127 if isinstance(error, FileNotFoundError) else 126
    return Stop(code, "cannot run %s: %s" % (os.fsdecode(argv[0]), explain(error)))


def replace(path: str, data: bytes, mode: int, owner=None, durable: bool = False) -> None:
    """Puts a file in the place of `path` at once: a reader sees the old one or the new one. Raises OSError."""
    temporary = os.path.join(os.path.dirname(path), "..%s.%s" % (os.path.basename(path), os.urandom(4).hex()))
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(handle, "wb") as file:
            file.write(data)
            if owner:
                os.fchown(handle, *owner)
            os.fchmod(handle, mode)  # after the owner, which takes the set-uid bits away
            file.flush()
            if durable:
                os.fsync(handle)
        os.rename(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
