"""The way into a container: this text is its command (`python3 -I -S -c`), for no program of ours is in its image. It
fetches the start program from ZooKeeper and becomes it. It changes seldom: all containers are made anew with it."""
import json
import os
import random
import socket
import struct
import sys
import tempfile
import time


def text(value):
    return struct.pack(">i", len(value)) + value.encode()


def program(host, port, login, root):
    """The files of the start program, from one server."""
    with socket.create_connection((host, port), 10) as sock, sock.makefile("rb") as answers:
        def ask(body):
            sock.sendall(struct.pack(">i", len(body)) + body)
            return answers.read(struct.unpack(">i", answers.read(4))[0])

        def get(path):
            answer = ask(struct.pack(">ii", 1, 4) + text(path) + b"\0")
            code, length = struct.unpack(">i", answer[12:16])[0], answer[16:20]
            if code:
                raise OSError(code, "%s: %s" % (path, {-102: "not authorized"}.get(code, "error %d" % code)))
            return answer[20:20 + struct.unpack(">i", length)[0]]
        ask(struct.pack(">iqiqi16x?", 0, 0, 10000, 0, 16, False))
        ask(struct.pack(">iii", -4, 100, 0) + text("digest") + text(login))
        path = "%s/program/%s" % (root, get(root + "/program").decode())
        return json.loads(b"".join(get("%s/%08d" % (path, at)) for at in range(int(get(path)))))


def boot(end):
    """Asks one server after the other until `end`; becomes the program."""
    servers = os.environ["KOLLAGE_ZOOKEEPER"].split(",")
    login, root = os.environ["KOLLAGE_STORE_KEY"].rpartition(":")[0], "/kollage/" + os.environ["KOLLAGE_DEPLOYMENT"]
    while True:
        host, _, port = random.choice(servers).strip().rpartition(":")
        try:
            files = program(host.strip("[]"), int(port), login, root)
            break
        except (OSError, ValueError, struct.error) as problem:
            if time.monotonic() > end or getattr(problem, "errno", 0) == -102:
                sys.stderr.write("kollage-start: ZooKeeper (%s:%s) does not give what is to run: %s\n" % (
                    host, port, getattr(problem, "strerror", None) or problem))
                sys.exit(75)
            time.sleep(0.2)
    folder = tempfile.mkdtemp(prefix="kollage-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
    for name, content in files.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8", newline="") as file:
            file.write(content)
    command = [sys.executable, "-I", "-S", os.path.join(folder, "store_zookeeper_fetch.py"), folder]
    os.execv(command[0], command)


if __name__ == "__main__":
    boot(time.monotonic() + 60)
