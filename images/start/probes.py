"""Asks an endpoint whether it answers as its protocol should, without ever blocking.

Each probe is a generator: it yields (file descriptor, event) when it must wait for that event, returns when the
endpoint is ready, and raises NotReady or OSError when it is not. Closing the generator gives up and frees everything.
"""
import os
import signal
import socket
from selectors import EVENT_READ, EVENT_WRITE

BODY_LIMIT = 1 << 20  # bytes of an HTTP answer that are looked at


class NotReady(Exception):
    """The endpoint is there but not ready; the text says how it answered."""


def explain(error: Exception) -> str:
    """What an operator reads of a failed probe: 'connection refused', 'HTTP 503'."""
    errno = getattr(error, "errno", None)
    named = isinstance(error, OSError) and errno and type(error).__module__ == "builtins"
    return os.strerror(errno).lower() if named else str(error)


def _event_for(error: OSError) -> int:
    """The event to wait for before the call is made again; any other error is raised on. TLS has errors of its own,
    told by name so that ssl need not be imported for plain sockets."""
    if type(error).__name__ == "SSLWantWriteError":
        return EVENT_WRITE
    if type(error).__name__ == "SSLWantReadError" or isinstance(error, BlockingIOError):
        return EVENT_READ
    raise error


def _retry(sock, call, *args):
    while True:
        try:
            return call(*args)
        except OSError as error:
            yield sock.fileno(), _event_for(error)


def _lookup(host: str, port: int):
    """The addresses of a host name. The resolver can only block, so it is asked in a child process that lives as long
    as the question: SIGTERM and the other probes must not wait for a name server that is gone."""
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, host)
            return [(family, (host, port))]
        except OSError:
            pass
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            os.write(writer, "\n".join("%d %s" % (entry[0], entry[4][0]) for entry in found).encode())
        finally:
            os._exit(0)
    os.close(writer)
    try:
        yield reader, EVENT_READ
        lines = os.read(reader, 65536).decode().split("\n")
    finally:
        os.close(reader)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    if lines == [""]:
        raise NotReady("the name %s is not known" % host)
    return [(int(family), (address, port)) for family, address in (line.split(" ", 1) for line in lines)]


def _connect(probe: dict, turn: int):
    """A connected socket. Of several addresses each attempt tries the next one (`turn` counts the attempts)."""
    if probe["type"] == "socket":
        family, address = socket.AF_UNIX, probe["path"]
    else:
        addresses = yield from _lookup(probe["host"], probe["port"])
        family, address = addresses[turn % len(addresses)]
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        error = sock.connect_ex(address)
        if error == socket.errno.EINPROGRESS:
            yield sock.fileno(), EVENT_WRITE
            error = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            raise OSError(error, os.strerror(error))
        return sock
    except BaseException:
        sock.close()
        raise


def _talk(probe: dict, turn: int, request: bytes, judge, tls: bool = False):
    """Sends `request` and reads until judge(bytes so far, at the end) says True; judge raises NotReady to refuse."""
    sock = yield from _connect(probe, turn)
    try:
        if tls:
            import ssl
            # Whether it answers is the question here, not who it is: the client that follows checks certificates.
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            sock = context.wrap_socket(sock, server_hostname=probe["host"], do_handshake_on_connect=False)
            yield from _retry(sock, sock.do_handshake)
        while request:
            request = request[(yield from _retry(sock, sock.send, request)):]
        answer = b""
        while True:
            chunk = yield from _retry(sock, sock.recv, 65536)
            answer += chunk
            if judge(answer, not chunk or len(answer) > BODY_LIMIT):
                return
            if not chunk:
                raise NotReady("closed the connection after %d bytes" % len(answer))
            if len(answer) > BODY_LIMIT:
                raise NotReady("sent %d bytes without the answer that was asked for" % len(answer))
    finally:
        sock.close()


def _tcp(probe: dict, turn: int):
    sock = yield from _connect(probe, turn)
    sock.close()


def _http(probe: dict, turn: int):
    """A GET with HTTP/1.0 (RFC 1945), so that the body needs no decoding and ends with the connection."""
    wanted, pattern = probe.get("status"), probe.get("body")
    host = "[%s]" % probe["host"] if ":" in probe["host"] else probe["host"]
    request = "GET %s HTTP/1.0\r\nHost: %s:%d\r\nUser-Agent: kollage-start\r\nAccept: */*\r\nConnection: close\r\n\r\n" % (
        probe.get("path") or "/", host, probe["port"])

    def judge(answer: bytes, ended: bool) -> bool:
        line, complete, rest = answer.partition(b"\r\n")
        if not complete:
            return False
        words = line.split(None, 2)
        if len(words) < 2 or not words[0].startswith(b"HTTP/") or not words[1].isdigit():
            raise NotReady("does not speak HTTP")
        status = int(words[1])
        if status not in wanted if wanted else not 200 <= status < 400:
            raise NotReady("HTTP %d" % status)
        if not pattern:
            return True
        import re
        head, _, body = rest.partition(b"\r\n\r\n")
        if re.search(pattern.encode(), body):
            return True
        length = re.search(rb"(?im)^content-length:\s*(\d+)", head)
        if ended or (length and len(body) >= int(length.group(1))):
            raise NotReady("HTTP %d, but its body does not match %s" % (status, pattern))
        return False

    yield from _talk(probe, turn, request.encode(), judge, probe.get("scheme") == "https")


def _mysql(probe: dict, turn: int):
    """Reads the server's first packet: protocol 10's greeting, or an error packet such as 1040 (too many connections).
    https://mariadb.com/kb/en/connection/#initial-handshake-packet"""
    def judge(answer: bytes, ended: bool) -> bool:
        if len(answer) < 5:
            return False
        size, kind = int.from_bytes(answer[:3], "little"), answer[4]
        if kind == 10:
            return True
        if kind != 0xFF:
            raise NotReady("does not speak the MySQL protocol")
        if len(answer) < 4 + size and not ended:
            return False
        code = int.from_bytes(answer[5:7], "little")
        raise NotReady("MySQL error %d: %s" % (code, answer[7:4 + size].decode("utf-8", "replace")))

    yield from _talk(probe, turn, b"", judge)


def _greeting(request: bytes, expected: bytes, protocol: str):
    """A probe that sends `request` and is content when the answer begins with `expected`."""
    def judge(answer: bytes, ended: bool) -> bool:
        if answer[:len(expected)] != expected[:len(answer)]:
            raise NotReady("does not speak " + protocol)
        return len(answer) >= len(expected)

    return lambda probe, turn: _talk(probe, turn, request, judge)


def _file(probe: dict, turn: int):
    if not os.path.exists(probe["path"]):
        raise NotReady("%s does not exist" % probe["path"])
    yield from ()


# Probe type -> function(probe of the spec, number of the attempt), which gives the generator of one attempt.
KINDS = {
    "tcp": _tcp, "socket": _tcp, "http": _http, "mysql": _mysql, "file": _file,
    # The broker answers the protocol header of AMQP 0-9-1 with Connection.Start, a method frame: frame type 1.
    "amqp": _greeting(b"AMQP\x00\x00\x09\x01", b"\x01", "AMQP 0-9-1"),
    "memcached": _greeting(b"version\r\n", b"VERSION ", "the memcached protocol"),
}
