"""Asks an endpoint once whether it answers as its protocol should.

A probe blocks until the endpoint answers or is silent for SILENCE_LIMIT seconds; waiting.py gives each a thread.
"""
import os
import socket

SILENCE_LIMIT = 5.0   # seconds; a first request to a Python API may take more than one
BODY_LIMIT = 1 << 20  # bytes of an HTTP answer that are looked at


class NotReady(Exception):
    """The endpoint is there but not ready; the text says how it answered."""


def ask(probe: dict) -> None:
    """Returns when the endpoint is ready, raises NotReady or OSError when it is not."""
    try:
        KINDS[probe["type"]](probe)
    except socket.timeout:
        raise NotReady("no answer within %g s" % SILENCE_LIMIT)
    except socket.gaierror:
        raise NotReady("the name %s is not known" % probe["host"])


def _connect(probe: dict) -> socket.socket:
    if probe["type"] == "socket":
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(SILENCE_LIMIT)
        sock.connect(probe["path"])
        return sock
    sock = socket.create_connection((probe["host"], probe["port"]), SILENCE_LIMIT)
    if probe.get("scheme") != "https":
        return sock
    import ssl
    # Whether it answers is the question here, not who it is: the client that follows checks certificates.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(sock, server_hostname=probe["host"])


def _talk(probe: dict, request: bytes, judge) -> None:
    """Sends `request` and reads until judge(bytes so far, at the end) says True; judge raises NotReady to refuse."""
    with _connect(probe) as sock:
        sock.sendall(request)
        answer, ended = b"", False
        while not judge(answer, ended):
            if ended:
                raise NotReady("closed the connection after %d bytes" % len(answer))
            chunk = sock.recv(65536)
            answer += chunk
            ended = not chunk or len(answer) > BODY_LIMIT


def _tcp(probe: dict) -> None:
    _connect(probe).close()


def _http(probe: dict) -> None:
    """A GET with HTTP/1.0 (RFC 1945), so that the body needs no decoding and ends with the connection."""
    pattern = probe.get("body")
    host = "[%s]" % probe["host"] if ":" in probe["host"] else probe["host"]
    request = "GET %s HTTP/1.0\r\nHost: %s:%d\r\nUser-Agent: kollage-start\r\nConnection: close\r\n\r\n" % (
        probe.get("path") or "/", host, probe["port"])

    def judge(answer: bytes, ended: bool) -> bool:
        line, complete, rest = answer.partition(b"\r\n")
        if not complete:
            return False
        version, code = (line.split() + [b"", b""])[:2]
        if not version.startswith(b"HTTP/") or not code.isdigit():
            raise NotReady("does not speak HTTP")
        if int(code) not in (probe.get("status") or range(200, 400)):
            raise NotReady("HTTP %d" % int(code))
        if not pattern:
            return True
        import re
        found = re.search(pattern.encode(), rest.partition(b"\r\n\r\n")[2])
        if ended and not found:
            raise NotReady("HTTP %d, but its body does not match %s" % (int(code), pattern))
        return bool(found)

    _talk(probe, request.encode(), judge)


def _mysql(probe: dict) -> None:
    """Reads the server's first packet: protocol 10's greeting, or an error packet such as 1040 (too many connections).
    https://mariadb.com/kb/en/connection/#initial-handshake-packet"""
    def judge(answer: bytes, _ended: bool) -> bool:
        if len(answer) < 5:
            return False
        end, kind = 4 + int.from_bytes(answer[:3], "little"), answer[4]
        if kind not in (10, 0xFF):
            raise NotReady("does not speak the MySQL protocol")
        if kind == 0xFF and len(answer) >= end:
            code = int.from_bytes(answer[5:7], "little")
            raise NotReady("MySQL error %d: %s" % (code, answer[7:end].decode("utf-8", "replace")))
        return kind == 10

    _talk(probe, b"", judge)


def _greeting(request: bytes, expected: bytes, protocol: str):
    """A probe that sends `request` and is content when the answer begins with `expected`."""
    def judge(answer: bytes, _ended: bool) -> bool:
        if answer[:len(expected)] != expected[:len(answer)]:
            raise NotReady("does not speak " + protocol)
        return len(answer) >= len(expected)

    return lambda probe: _talk(probe, request, judge)


def _file(probe: dict) -> None:
    if not os.path.exists(probe["path"]):
        raise NotReady("%s does not exist" % probe["path"])


# Probe type -> function(probe of the spec).
KINDS = {
    "tcp": _tcp, "socket": _tcp, "http": _http, "mysql": _mysql, "file": _file,
    # The broker answers the protocol header of AMQP 0-9-1 with Connection.Start, a method frame: frame type 1.
    "amqp": _greeting(b"AMQP\x00\x00\x09\x01", b"\x01", "AMQP 0-9-1"),
    "memcached": _greeting(b"version\r\n", b"VERSION ", "the memcached protocol"),
}

if __name__ == "__main__":
    # Asked as a program, with a probe in JSON: whether what runs beside it, at the same address, answers.
    import json
    import sys
    sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
    sys.dont_write_bytecode = True
    question = json.loads(sys.argv[1])
    if question.get("host") == "":
        from fill import own_address
        question["host"] = own_address()
    try:
        ask(question)
    except (NotReady, OSError) as failure:
        sys.exit(str(failure))
