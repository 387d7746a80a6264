"""Fetches what a process is to run, and becomes the start program. Called by store_zookeeper_boot.py with the folder in
which the start program is."""
import hashlib
import hmac
import json
import os
import shutil
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))  # -I leaves it out
sys.dont_write_bytecode = True

from store_zookeeper_client import NO_NODE, Refused, Session  # noqa: E402

FORM, NONCE, TAG = 1, 24, 32  # of what is sealed


def unseal(key: bytes, label: str, sealed: bytes) -> bytes:
    """What src/zookeeper/seal.ts sealed under that label. Raises ValueError where it is another's, or was changed."""
    body, tag = sealed[:-TAG], sealed[-TAG:]
    uses = [hmac.digest(key, use, "sha256") for use in (b"encrypt", b"authenticate")]
    right = hmac.digest(uses[1], struct.pack(">I", len(label.encode())) + label.encode() + body, "sha256")
    if not body or body[0] != FORM or not hmac.compare_digest(tag, right):
        raise ValueError("%s is not as it was written, or not for this container" % label)
    hidden = body[1 + NONCE:]
    stream = hashlib.shake_256(uses[0] + body[1:1 + NONCE]).digest(len(hidden))
    return (int.from_bytes(hidden, "big") ^ int.from_bytes(stream, "big")).to_bytes(len(hidden), "big")


def pieces(session: Session, path: str, key=None) -> bytes:
    """What lies in the numbered children of a node, put together; opened where there is a key."""
    names = session.children(path)
    if not names:
        raise Refused(NO_NODE, "ZooKeeper: there is no %s" % path)
    found = [session.get("%s/%s" % (path, name)) for name in names]
    if key:
        found = [unseal(key, "%s/%s" % (path, name), piece or b"") for name, piece in zip(names, found)]
    return b"".join(found)


def fetch(env, folder: str) -> list:
    """Fetches all into the folder; gives the command to become."""
    user, password, key = env.pop("KOLLAGE_STORE_KEY").split(":")
    root, servers = "/kollage/" + env.pop("KOLLAGE_DEPLOYMENT"), env.pop("KOLLAGE_ZOOKEEPER")
    session = Session(servers, user, password)
    process, version = env.pop("KOLLAGE_PROCESS").replace("/", "__"), env.pop("KOLLAGE_VERSION")
    bundle = json.loads(pieces(session, "%s/processes/%s/%s" % (root, process, version), bytes.fromhex(key)))
    session.close()
    for file in bundle["files"]:
        path = os.path.join(folder, file["path"])
        os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8", newline="") as target:
            target.write(file["content"])
        os.chmod(path, int(file["mode"], 8))
    spec = bundle["spec"]
    spec["fill"] = [{**one, "source": os.path.join(folder, one["source"])} for one in spec["fill"]]
    spec["secrets"] = os.path.join(folder, "secrets")
    spec["store"].update(servers=servers, root=root, user=user, password=password, folder=folder)
    env.update(KOLLAGE_SPEC=os.path.join(folder, "spec.json"))
    for ours, theirs in (("KOLLAGE_INSTANCE", "MESOS_TASK_ID"), ("KOLLAGE_NODE", "HOST")):
        env.setdefault(ours, env.get(theirs, ""))
    with open(os.open(env["KOLLAGE_SPEC"], os.O_WRONLY | os.O_CREAT, 0o600), "w") as target:
        json.dump(spec, target)
    return [sys.executable, "-I", "-S", os.path.join(folder, "start")]


if __name__ == "__main__":
    variables = dict(os.environ)
    try:
        command = fetch(variables, sys.argv[1])
    except (OSError, ValueError, KeyError) as problem:
        shutil.rmtree(sys.argv[1], ignore_errors=True)
        sys.stderr.write("kollage-start: cannot fetch what is to run: %s\n" % problem)
        sys.exit(75)
    os.execve(command[0], command, variables)
