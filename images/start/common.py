"""What every part uses: the spec, the store, lines for the operator, and turning into the command at the end."""
import json
import os
import signal
import sys
import time

DEFAULTS = {"node": "", "needs": [], "fill": [], "store": None, "timeoutSeconds": 600, "task": None}

# Exit codes, from sysexits.h where it has one that fits; README.md lists them for the engine.
CONFIG, CANNOT_WRITE, TIMED_OUT, NO_OUTPUT = 78, 73, 75, 65


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


def timestamp() -> str:
    """The time now, in UTC, as RFC 3339 with milliseconds."""
    now = time.time()
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + ".%03dZ" % (now % 1 * 1000)


def load(path: str) -> dict:
    """The spec at `path` with defaults filled in. Raises Stop(78) naming what is wrong with it."""
    try:
        with open(path, encoding="utf-8") as file:
            spec = {**DEFAULTS, **json.load(file)}
    except (OSError, ValueError, TypeError) as error:
        raise Stop(CONFIG, "cannot read the spec %s: %s" % (path, error))
    for key in ("id", "instance", "exec"):
        if not spec.get(key):
            raise Stop(CONFIG, "the spec %s has no %s" % (path, key))
    return spec


def open_store(config):
    """The store of the spec's `store`, an object with the methods listed in README.md; None for a spec without one.

    Each type is a module store_<type>.py with a class Store, so that adding one touches no other file.
    """
    if not config:
        return None
    name = "store_" + str(config.get("type"))
    if not name.isidentifier() or not os.path.exists(os.path.join(os.path.dirname(__file__), name + ".py")):
        raise Stop(CONFIG, "unknown store type '%s'" % config.get("type"))
    return __import__(name).Store(config)


def environment() -> dict:
    """The environment as the container engine set it: Python adds LC_CTYPE where the locale is C (PEP 538)."""
    env = dict(os.environ)
    with open("/proc/self/environ", "rb") as file:
        if b"\0LC_CTYPE=" not in b"\0" + file.read():
            env.pop("LC_CTYPE", None)
    return env


def execute(argv: list, env: dict) -> None:
    """execs `argv`; never returns. Raises Stop(127) when there is no such program, Stop(126) when it cannot be run."""
    # Python ignores these two, and what is ignored stays so across exec: the command's pipes would not end it any more.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    try:
        os.execvpe(argv[0], argv, env)
    except OSError as error:
        raise Stop(127 if isinstance(error, FileNotFoundError) else 126,
                   "cannot run %s: %s" % (argv[0], os.strerror(error.errno).lower()))
