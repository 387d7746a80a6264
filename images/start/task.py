"""Runs a task to its end, once for each fingerprint, and records what came of it."""
import os
import signal
from contextlib import suppress

from common import CANNOT_WRITE, IGNORED, NO_OUTPUT, Stop, cannot_run, say, timestamp

FORWARDED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)


def is_done(spec: dict, store) -> bool:
    """Whether the store has a success of this task with this fingerprint; says so when it has."""
    done = store.task(spec["id"], spec["task"]["fingerprint"]).get("state") == "done"
    if done:
        say("%s %s is done already" % (spec["id"], spec["task"]["fingerprint"]))
    return done


def run(spec: dict, store, argv: list, env: dict) -> int:
    """Runs `argv`, unless another run of the same fingerprint succeeds meanwhile; returns the exit code to end with."""
    task, fingerprint = spec["id"], spec["task"]["fingerprint"]

    def on_wait():
        say("%s is being run by another container; waiting for its end" % task)

    with store.lock(task, on_wait):
        if is_done(spec, store):
            return 0
        started, outputs = timestamp(), {}
        try:
            code = run_child(argv, env)
            if code == 0:
                outputs = _read_outputs(spec)
        except Stop as error:
            say(str(error))
            code = error.code
        try:
            if outputs:  # before the record: whoever sees the task done finds them
                store.publish_outputs(task, outputs)
            store.record_task(task, fingerprint, {
                "id": task, "fingerprint": fingerprint, "state": "failed" if code else "done", "exitCode": code,
                "startedAt": started, "endedAt": timestamp(), "instance": spec["instance"], "node": spec["node"],
                "outputs": sorted(outputs)})
        except OSError as error:
            raise Stop(CANNOT_WRITE, "%s ended with exit code %d, which the store cannot record: %s" % (
                task, code, error))
        return code


def _read_outputs(spec: dict) -> dict:
    """{key: text}. The line end that a shell's echo leaves is no part of a value. Raises Stop(65) for a missing one."""
    found = {}
    for key, path in (spec["task"].get("outputs") or {}).items():
        try:
            with open(path, encoding="utf-8") as file:
                found[key] = file.read().rstrip("\n")
        except (OSError, ValueError) as error:
            raise Stop(NO_OUTPUT, "%s succeeded but did not write its output %s: %s" % (spec["id"], key, error))
    return found


def run_child(argv: list, env: dict, before=None) -> int:
    """Exit code of the command (128 + n after signal n), all signals handed on to it. `before(number, hand_on)` may say
    that it sees to one, and call `hand_on` when the command is to have it."""
    # Held back until the child's id is known, so that none is lost in between.
    signal.pthread_sigmask(signal.SIG_BLOCK, FORWARDED)
    try:
        child = os.posix_spawnp(argv[0], argv, env, setsigmask=(), setsigdef=IGNORED)
    except OSError as error:
        raise cannot_run(argv, error)

    def forward(number, _frame):
        def hand_on():
            with suppress(ProcessLookupError):  # it has ended, and the record is still to be written
                os.kill(child, number)
        if not (before and before(number, hand_on)):
            hand_on()
    for number in FORWARDED:
        signal.signal(number, forward)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, FORWARDED)
    while True:
        ended, status = os.wait()  # as PID 1 it also gets, and so reaps, the orphans of the command
        if ended == child:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code
