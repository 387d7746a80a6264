"""A session with ZooKeeper. Jute, its serialisation, and requests: apache/zookeeper, zookeeper.jute. None of these is
younger than ZooKeeper 3.4."""
import random
import select
import socket
import struct
import threading
import time

PATIENCE = 60  # seconds that a request waits for a server
CREATE, DELETE, EXISTS, GET, SET, CHILDREN, SYNC, PING, AUTH, CLOSE = 1, 2, 3, 4, 5, 8, 9, 11, 100, -11
NO_NODE, NODE_EXISTS, BAD_VERSION, LOST = -101, -110, -103, -4
REASONS = {NO_NODE: "no node", -102: "not authorized", NODE_EXISTS: "node exists", LOST: "the connection broke"}


class Refused(OSError):
    """What ZooKeeper says instead of doing it, or that no server answers (`code` 0)."""

    def __init__(self, code: int, text: str):
        super().__init__(0, text)
        self.code, self.strerror = code, text


def text(value: str) -> bytes:
    return data(value.encode())


def data(value: bytes) -> bytes:
    return struct.pack(">i", len(value)) + value


class Session:
    """One session over one connection at a time. What breaks is made again in the background; `changed` is called after
    each event of a watch, and after each new connection, since watches are not set again: whoever waits reads anew."""

    def __init__(self, servers: str, user: str, password: str, timeout: float = 8.0, changed=lambda: None):
        pairs = [server.strip().rpartition(":") for server in servers.split(",")]
        self.servers = [(host.strip("[]"), int(port)) for host, _, port in pairs]
        self.login, self.timeout, self.changed = "%s:%s" % (user, password), timeout, changed
        self.state = threading.Condition()
        self.socket, self.sent, self.number = None, {}, 0
        self.id, self.secret, self.closed, self.trouble = 0, bytes(16), False, "it was not asked yet"
        self.kept = {}  # nodes that are there as long as this session, or one that follows it: path to (data, acl)
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        pause = 0.05
        while not self.closed:
            for host, port in random.sample(self.servers, len(self.servers)):
                try:
                    with socket.create_connection((host, port), max(1.0, self.timeout / 3)) as sock:
                        self._greet(sock)
                        pause = 0.05
                        self._read(sock)
                except (OSError, struct.error) as error:
                    self.trouble = "%s:%d: %s" % (host, port, error)
                with self.state:
                    self.socket, sent, self.sent = None, self.sent, {}
                    for slot in sent.values():
                        slot.append((LOST, b""))
                    self.state.notify_all()
                if self.closed:
                    return
            time.sleep(pause * random.uniform(0.5, 1))
            pause = min(2.0, pause * 2)

    def _greet(self, sock) -> None:
        """Takes the session up again, or opens one, and shows who we are."""
        hello = struct.pack(">iqiq", 0, 0, int(self.timeout * 1000), self.id) + data(self.secret) + b"\0"
        sock.sendall(data(hello))
        answer = b""
        while len(answer) < 4 or len(answer) < 4 + struct.unpack(">i", answer[:4])[0]:
            chunk = sock.recv(4096)
            if not chunk:
                raise OSError("it closes the connection")
            answer += chunk
        _, milliseconds, number = struct.unpack(">iiq", answer[4:20])
        if milliseconds <= 0:
            self.id, self.secret = 0, bytes(16)
            raise OSError("the session has expired")
        is_new, self.id, self.secret = number != self.id, number, answer[24:40]
        self.timeout = milliseconds / 1000
        sock.sendall(data(struct.pack(">iii", -4, AUTH, 0) + text("digest") + text(self.login)))
        with self.state:
            self.socket = sock
            self.state.notify_all()
        if is_new and self.kept:
            threading.Thread(target=self._keep_again, daemon=True).start()
        self.changed()

    def _keep_again(self) -> None:
        for path, (content, acl) in list(self.kept.items()):
            try:
                self.put(path, content, acl, keep=True)
            except OSError:
                return  # another session follows, and with it another try

    def _read(self, sock) -> None:
        buffer, heard, ping = b"", time.monotonic(), 0.0
        while True:
            now = time.monotonic()
            if now - heard > self.timeout * 2 / 3:
                raise OSError("it is silent")
            if now >= ping:
                ping = now + self.timeout / 3
                with self.state:
                    sock.sendall(data(struct.pack(">ii", -2, PING)))
            if not select.select([sock], [], [], ping - now if ping > now else 0)[0]:
                continue
            chunk = sock.recv(1 << 16)
            if not chunk:
                raise OSError("it closes the connection")
            buffer, heard = buffer + chunk, time.monotonic()
            while len(buffer) >= 4 and len(buffer) >= 4 + struct.unpack(">i", buffer[:4])[0]:
                length = 4 + struct.unpack(">i", buffer[:4])[0]
                frame, buffer = buffer[4:length], buffer[length:]
                number, _, error = struct.unpack(">iqi", frame[:16])
                if number == -1:
                    self.changed()
                with self.state:
                    if number in self.sent:
                        self.sent.pop(number).append((error, frame[16:]))
                        self.state.notify_all()

    def _ask(self, operation: int, body: bytes, path: str) -> bytes:
        """The answer. Raises Refused."""
        end, slot = time.monotonic() + PATIENCE, []
        with self.state:
            while self.socket is None:
                if self.closed or not self.state.wait(max(0.0, end - time.monotonic())):
                    raise Refused(0, "ZooKeeper does not answer: %s" % self.trouble)
            self.number += 1
            self.sent[self.number] = slot
            try:
                self.socket.sendall(data(struct.pack(">ii", self.number, operation) + body))
            except OSError:
                pass  # who reads notices it too
            self.state.wait_for(lambda: slot)
        code, answer = slot[0]
        if code:
            raise Refused(code, "ZooKeeper: %s: %s" % (path, REASONS.get(code, "error %d" % code)))
        return answer

    def _find(self, operation: int, path: str, watch: bool):
        """What is there, None where there is nothing; asked again when a connection breaks."""
        while True:
            try:
                self._ask(SYNC, text(path), path)
                return self._ask(operation, text(path) + struct.pack(">?", watch), path)
            except Refused as error:
                if error.code == NO_NODE:
                    return None
                if error.code != LOST:
                    raise

    def _watched(self, operation: int, path: str, watch: bool):
        """The same; what is not there only `exists` watches, and by then it may be."""
        found = self._find(operation, path, watch)
        if found is None and watch and self._find(EXISTS, path, True) is not None:
            return self._watched(operation, path, watch)
        return found

    def get(self, path: str, watch: bool = False):
        """The data of a node, None where there is none. `watch`: `changed` is called when that changes."""
        found = self._watched(GET, path, watch)
        if found is None:
            return None
        length = max(0, struct.unpack(">i", found[:4])[0])
        return found[4:4 + length]

    def children(self, path: str, watch: bool = False):
        """The names of a node's children, None where it is not there."""
        found = self._watched(CHILDREN, path, watch)
        if found is None:
            return None
        names, at = [], 4
        for _ in range(max(0, struct.unpack(">i", found[:4])[0])):
            length = struct.unpack(">i", found[at:at + 4])[0]
            names.append(found[at + 4:at + 4 + length].decode())
            at += 4 + length
        return sorted(names)

    def create(self, path: str, content: bytes, acl: list, ephemeral: bool = False) -> None:
        """Makes a node. `acl` is a list of (permissions, scheme, id). Raises Refused; after LOST nobody knows."""
        rights = [struct.pack(">i", bits) + text(scheme) + text(who) for bits, scheme, who in acl]
        rights = struct.pack(">i", len(acl)) + b"".join(rights)
        self._ask(CREATE, text(path) + data(content) + rights + struct.pack(">i", int(ephemeral)), path)

    def put(self, path: str, content: bytes, acl: list, keep: bool = False) -> None:
        """Makes a node say so, whatever it says now. `keep`: it is there as long as we are, and no longer."""
        if keep:
            self.kept[path] = content, acl
        while True:
            try:
                there = self._find(EXISTS, path, False)
                if there is not None and keep and struct.unpack(">q", there[44:52])[0] != self.id:
                    self._ask(DELETE, text(path) + struct.pack(">i", -1), path)  # of a session that is gone
                elif there is not None:
                    return void(self._ask(SET, text(path) + data(content) + struct.pack(">i", -1), path))
                return self.create(path, content, acl, keep)
            except Refused as error:
                if error.code not in (LOST, NO_NODE, NODE_EXISTS) or self._parent_is_missing(error, path):
                    raise

    def _parent_is_missing(self, error: Refused, path: str) -> bool:
        return error.code == NO_NODE and self._find(EXISTS, path.rpartition("/")[0], False) is None

    def drop(self, path: str) -> None:
        """Removes a node; nothing where there is none."""
        self.kept.pop(path, None)
        while True:
            try:
                return void(self._ask(DELETE, text(path) + struct.pack(">i", -1), path))
            except Refused as error:
                if error.code == NO_NODE:
                    return
                if error.code != LOST:
                    raise

    def close(self) -> None:
        """Ends the session, and with it what was kept. Where no server can be told, that ends in its time."""
        with self.state:
            self.closed = True
            if self.socket is None:
                return
        try:
            self._ask(CLOSE, b"", "")
        except Refused:
            pass


def void(_answer) -> None:
    """An answer that says nothing."""
