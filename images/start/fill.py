"""Copies the configuration into the container and fills in what only this node knows. Tokens: README.md."""
import fcntl
import os
import re
import socket
import struct

from common import CANNOT_WRITE, CONFIG, Stop

# A word of lower-case letters and a dot or colon start every token of ours. AppArmor's @{PROC}, Perl's @{$list} and the
# like are none, and stay. Whatever looks like a token and is not known here is an error: a @{secret.x} that is left
# over would otherwise become a password.
TOKEN = re.compile(rb"@\{([a-z]+[.:][^{}\s]*)\}")


def _interfaces() -> dict:
    """Interface name -> its address: the primary IPv4 one, else a global IPv6 one, else a link-local one."""
    found, six = {}, {}
    if os.path.exists("/proc/net/if_inet6"):  # not where the kernel has no IPv6
        with open("/proc/net/if_inet6") as file:
            for row in sorted((line.split() for line in file), key=lambda row: row[3] != "00"):  # 00: global scope
                six.setdefault(row[5], socket.inet_ntop(socket.AF_INET6, bytes.fromhex(row[0])))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for _, name in socket.if_nameindex():
            try:
                answer = fcntl.ioctl(sock, 0x8915, struct.pack("256s", name.encode()[:15]))  # SIOCGIFADDR, netdevice(7)
                found[name] = socket.inet_ntoa(answer[20:24])
            except OSError:  # it has no IPv4 address
                found.update({name: six[name]} if name in six else {})
    return found


def _own_address() -> str:
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
    return ([address for name, address in _interfaces().items() if name != "lo"] + ["127.0.0.1"])[0]


class Filler:
    """Substitutes the tokens of one container."""

    def __init__(self, spec: dict, store):
        self.node, self.store = spec["node"], store

    def value(self, token: str) -> str:
        """What stands for `token` (without @{ and }). Raises Stop(78) naming the token and what there is instead."""
        name, _, argument = token.partition(":")
        if token == "node.name":
            return self.node
        if token == "node.address":
            return _own_address()
        if name == "node.address":
            found = _interfaces()
            if argument not in found:
                raise Stop(CONFIG, "no interface %s has an address; there are %s" % (argument, ", ".join(sorted(found))))
            return found[argument]
        if name.startswith("output.") and argument:
            owner = name[len("output."):]
            found = self.store.output(owner, argument) if self.store else None
            if found is None:
                raise Stop(CONFIG, "%s has not published %s" % (owner, argument))
            return str(found)
        raise Stop(CONFIG, "unknown; there are node.name, node.address, node.address:INTERFACE and output.ID:KEY")

    def text(self, data: bytes, where: str) -> bytes:
        """`data` with its tokens filled in; `where` is named in errors."""
        def replace(match) -> bytes:
            try:
                return os.fsencode(self.value(match.group(1).decode()))
            except Stop as error:
                raise Stop(error.code, "%s: %s: %s" % (where, match.group(0).decode(), error))
        return TOKEN.sub(replace, data)

    def tree(self, source: str, target: str) -> None:
        """Copies a file or a folder, modes and (as root) owners kept, each file replaced at once; what the target has
        beside them stays. Raises Stop(73) where the target cannot be written."""
        try:
            if not os.path.isdir(source):
                os.makedirs(os.path.dirname(target), exist_ok=True)
                return self._file(source, target)
            os.makedirs(target, exist_ok=True)
            # A Kubernetes volume shows each file as a link into ..data, and keeps the versions in folders like it.
            for name in sorted(name for name in os.listdir(source) if not name.startswith("..")):
                inner, outer = os.path.join(target, name), os.path.join(source, name)
                if not os.path.isdir(outer):
                    self._file(outer, inner)
                    continue
                if not os.path.isdir(inner):
                    os.mkdir(inner)
                    self._properties(os.stat(outer), inner)
                self.tree(outer, inner)
        except OSError as error:
            raise Stop(CANNOT_WRITE, "cannot fill %s from %s as user %d: %s" % (target, source, os.getuid(), error))

    def _file(self, source: str, target: str) -> None:
        with open(source, "rb") as file:
            data, status = file.read(), os.fstat(file.fileno())
        if b"\0" not in data:  # else it is no text
            data = self.text(data, source)
        temporary = os.path.join(os.path.dirname(target), "..%s.new" % os.path.basename(target))
        if os.path.lexists(temporary):
            os.unlink(temporary)  # of a start that was killed
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
            self._properties(status, file.fileno())
        os.rename(temporary, target)

    def _properties(self, status, target) -> None:
        if os.geteuid() == 0:
            os.chown(target, status.st_uid, status.st_gid)
        os.chmod(target, status.st_mode & 0o7777)
