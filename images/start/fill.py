"""Copies the configuration into the container and fills in what only this node knows. Tokens: README.md."""
import fcntl
import os
import re
import socket
import struct

from common import CANNOT_WRITE, CONFIG, Stop, replace

# A word of lower-case letters and a dot or colon start every token of ours. AppArmor's @{PROC}, Perl's @{$list} and the
# like are none, and stay. Whatever looks like a token and is not known here is an error: a @{secret.x} that is left
# over would otherwise become a password.
TOKEN = re.compile(rb"@\{([a-z]+[.:][^{}\s]*)\}")
IPV6_ADDRESSES = "/proc/net/if_inet6"  # not there where the kernel has no IPv6


def _interfaces() -> dict:
    """Interface name -> its address: the primary IPv4 one, else a global IPv6 one, else a link-local one."""
    found = {}
    if os.path.exists(IPV6_ADDRESSES):
        with open(IPV6_ADDRESSES) as file:
            for row in sorted((line.split() for line in file), key=lambda row: row[3]):  # by scope: global is least
                found.setdefault(row[5], socket.inet_ntop(socket.AF_INET6, bytes.fromhex(row[0])))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for _, name in socket.if_nameindex():
            try:
                answer = fcntl.ioctl(sock, 0x8915, struct.pack("256s", name.encode()))  # SIOCGIFADDR, netdevice(7)
                found[name] = socket.inet_ntoa(answer[20:24])
            except OSError:
                pass  # it has no IPv4 address
    return found


def own_address() -> str:
    """The address that the default route sends from (IPv4 first), else of any interface, else 127.0.0.1."""
    # Connecting a datagram socket looks the route up and sends nothing. The targets are in ranges that nobody has been
    # given (240.0.0.0/4, 4000::/3), so that only the default route leads to them.
    for family, target in ((socket.AF_INET, "240.0.0.1"), (socket.AF_INET6, "4000::1")):
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as sock:
                sock.connect((target, 9))
                return sock.getsockname()[0]
        except OSError:
            pass  # no such route
    return next((address for name, address in _interfaces().items() if name != "lo"), "127.0.0.1")


class Filler:
    """Substitutes the tokens of one container."""

    def __init__(self, spec: dict, store):
        self.node, self.store, self.secrets = spec["node"], store, spec.get("secrets")
        self.instance = spec["instance"]

    def _value(self, token: str) -> str:
        """What stands for `token` (without @{ and }). Raises LookupError saying what there is instead."""
        name, _, argument = token.partition(":")
        own = {"node.name": lambda: self.node, "instance.name": lambda: self.instance, "node.address": own_address}
        if token in own:
            return own[token]()
        if name == "node.address":
            found = _interfaces()
            if argument not in found:
                raise LookupError("no interface %s has an address; there are %s" % (argument, ", ".join(sorted(found))))
            return found[argument]
        if name.startswith("output.") and argument:
            owner = name[len("output."):]
            value = self.store.output(owner, argument)
            if value is None:
                raise LookupError("%s has not published %s" % (owner, argument))
            return str(value)
        if name.startswith("secret.") and self.secrets:
            return self._secret(*token[len("secret."):].split("|"))
        if token.startswith(("each.", "one.")) and hasattr(self.store, "each"):  # of instances, which come and go
            return "@{%s}" % token
        raise LookupError("unknown; there are node.name, node.address, node.address:INTERFACE, instance.name and "
                          "output.ID:KEY")

    def _secret(self, name: str, *filters) -> str:
        """A secret's value, filtered as src/config/fill.ts does it. Raises LookupError, which holds no value."""
        import base64
        import json
        import shlex
        from urllib.parse import quote
        known = {
            "urlencode": lambda text: quote(text, safe=""), "quote": shlex.quote,
            "b64encode": lambda text: base64.b64encode(text.encode()).decode(),
            "json": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
            "tojson": lambda text: json.dumps(text, ensure_ascii=False)}
        try:
            path = os.path.join(self.secrets, name)
            if not os.path.exists(path):  # a former value that is still the one of now is not there by itself
                path = path.removesuffix(":former")
            with open(path, encoding="utf-8", newline="") as file:
                value = file.read()
            for one in filters:
                value = known[one](value)
        except (OSError, KeyError) as error:
            raise LookupError("cannot be had: %s" % error)
        return value

    def text(self, data: bytes, where: str) -> bytes:
        """`data` with its tokens filled in. Raises Stop(78) naming `where` and the token that cannot be."""
        def fill(match) -> bytes:
            token = match.group(1).decode("utf-8", "replace")
            try:
                return self._value(token).encode()
            except LookupError as error:
                raise Stop(CONFIG, "%s: @{%s}: %s" % (where, token, error))
        return TOKEN.sub(fill, data)

    def copy(self, source: str, target: str, mode: str = "") -> None:
        """Copies a file or a folder, modes (where a file has none of its own, octal) and as root owners kept, each file
        replaced at once; what the target has beside them stays. Raises Stop(73) where the target cannot be written."""
        try:
            status = os.stat(source)
            owner = (status.st_uid, status.st_gid) if os.geteuid() == 0 else None
            if not os.path.isdir(source):
                os.makedirs(os.path.dirname(target), exist_ok=True)
                data, bits = self._content(source), int(mode, 8) if mode else status.st_mode & 0o7777
                if b"@{each." in data and hasattr(self.store, "each"):
                    data = self.store.each(data, target, bits, owner)
                return replace(target, data, bits, owner)
            made = not os.path.isdir(target)
            os.makedirs(target, exist_ok=True)
            # A Kubernetes volume shows each file as a link into ..data, and keeps the versions in folders like it.
            for name in sorted(name for name in os.listdir(source) if not name.startswith("..")):
                self.copy(os.path.join(source, name), os.path.join(target, name))
            if made:
                if owner:
                    os.chown(target, *owner)
                os.chmod(target, status.st_mode & 0o7777)
        except OSError as error:
            raise Stop(CANNOT_WRITE, "cannot fill %s from %s as user %d: %s" % (target, source, os.getuid(), error))

    def _content(self, source: str) -> bytes:
        with open(source, "rb") as file:
            data = file.read()
        return data if b"\0" in data else self.text(data, source)  # with a zero byte it is no text
