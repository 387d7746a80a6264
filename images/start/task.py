"""Runs a task to its end, once for each fingerprint, and records what came of it."""
import os
import signal

from common import CANNOT_WRITE, CONFIG, NO_OUTPUT, Stop, execute, say, timestamp

FORWARDED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)


def is_done(spec: dict, store) -> bool:
    """True when the store has a success of this task with this fingerprint. Raises Stop(78) without a store."""
    if store is None:
        raise Stop(CONFIG, "task %s: the spec has no store to record it in" % spec["id"])
    return store.task(spec["id"], spec["task"]["fingerprint"]).get("state") == "done"


def run(spec: dict, store, argv: list, env: dict) -> int:
    """Runs `argv`, unless another run of the same fingerprint succeeds meanwhile; returns the exit code to end with."""
    fingerprint = spec["task"]["fingerprint"]

    def waits():
        say("%s %s is being run by another container; waiting for its record" % (spec["id"], fingerprint))

    with store.lock(spec["id"], fingerprint, waits):
        if is_done(spec, store):
            say("%s %s is done already" % (spec["id"], fingerprint))
            return 0
        started = timestamp()
        code = _run_child(argv, env, spec["task"].get("runAs"))
        outputs, missing = _read_outputs(spec) if code == 0 else ({}, None)
        if missing:
            say("%s succeeded but did not write %s" % (spec["id"], missing))
            code = NO_OUTPUT
        try:
            if outputs:  # before the record: whoever sees the task done finds them
                store.publish_outputs(spec["id"], outputs, bool(spec["task"].get("secretOutputs")))
            store.record_task(spec["id"], fingerprint, {
                "id": spec["id"], "fingerprint": fingerprint, "state": "failed" if code else "done", "exitCode": code,
                "startedAt": started, "endedAt": timestamp(), "instance": spec["instance"], "node": spec["node"],
                "outputs": sorted(outputs)})
        except OSError as error:
            raise Stop(CANNOT_WRITE, "%s ended with exit code %d, which the store cannot record: %s" % (
                spec["id"], code, error))
        return code


def _read_outputs(spec: dict):
    """({key: text}, None), or ({}, what is missing). The line end that a shell's echo leaves is no part of a value."""
    found = {}
    for key, path in (spec["task"].get("outputs") or {}).items():
        try:
            with open(path, encoding="utf-8") as file:
                found[key] = file.read().rstrip("\n")
        except (OSError, ValueError) as error:
            return {}, "its output %s: %s" % (key, error)
    return found, None


def _run_child(argv: list, env: dict, run_as) -> int:
    """Exit code of the command (128 + n after signal n), all signals handed on to it."""
    child = 0

    def forward(number, _frame):
        if child:
            os.kill(child, number)

    # Held back until the child's id is known, so that none is lost in between.
    signal.pthread_sigmask(signal.SIG_BLOCK, FORWARDED)
    for number in FORWARDED:
        signal.signal(number, forward)
    child = os.fork()
    if child == 0:
        try:
            for number in FORWARDED:
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, FORWARDED)
            if run_as:
                _become(run_as, env)
            execute(argv, env)
        except BaseException as error:  # nothing may get out of here and go on as a second start program
            say(str(error) if isinstance(error, Stop) else repr(error))
            os._exit(getattr(error, "code", CONFIG))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, FORWARDED)
    while True:
        ended, status = os.wait()  # as PID 1 it also gets, and so reaps, the orphans of the command
        if ended == child:
            return os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)


def _become(run_as: str, env: dict) -> None:
    """Takes on `user` or `user:group` with the user's other groups and HOME. Raises Stop(78) when it may not."""
    import grp
    import pwd
    import warnings  # noqa: F401  os.execvpe imports it, which the new user may not be allowed to read
    name, _, group = run_as.partition(":")
    try:
        user = pwd.getpwnam(name)
        gid = grp.getgrnam(group).gr_gid if group else user.pw_gid
        os.initgroups(name, gid)
        os.setgid(gid)
        os.setuid(user.pw_uid)
    except (KeyError, PermissionError) as error:
        raise Stop(CONFIG, "cannot run as %s: %s" % (run_as, error))
    env["HOME"] = user.pw_dir
