"""Makes the guest beside itself: `kernel` is Debian's, `ramdisk` a file system of busybox, the modules of a virtio network card, and init.

A ramdisk is a newc archive (Linux, Documentation/driver-api/early-userspace/buffer-format.rst), compressed with gzip.
"""
import glob
import gzip
import lzma
import os
import shutil
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDERS = ("bin", "dev", "etc", "modules", "proc", "run", "sys", "tmp")


def entry(name, mode, content=b"", device=(0, 0)):
    """One member of the archive."""
    path = name.encode() + b"\0"
    fields = (0, mode, 0, 0, 1, 0, len(content), 0, 0, device[0], device[1], len(path), 0)
    return padded(b"070701" + b"".join(b"%08X" % field for field in fields) + path) + padded(content)


def padded(data):
    return data + b"\0" * (-len(data) % 4)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def modules(version):
    """The files of the network card's modules, in the order in which they are loaded. What the kernel has built in has none."""
    files = []
    for wanted in ("virtio_pci", "virtio_net", "af_packet"):
        shown = subprocess.run(["/sbin/modprobe", "--set-version", version, "--show-depends", wanted],
                               stdout=subprocess.PIPE, universal_newlines=True, check=True)
        for line in shown.stdout.splitlines():
            action, path = line.split()[:2]
            if action == "insmod" and path not in files:
                files.append(path)
    return files


def main():
    kernel, = glob.glob("/boot/vmlinuz-*")
    version = os.path.basename(kernel).split("-", 1)[1]
    members = [entry(folder, 0o040755) for folder in FOLDERS]
    members += [entry("dev/console", 0o020600, device=(5, 1)),
                entry("init", 0o100755, read(HERE + "/init")),
                entry("bin/lease", 0o100755, read(HERE + "/lease")),
                entry("bin/busybox", 0o100755, read(shutil.which("busybox")))]
    for number, path in enumerate(modules(version)):
        content = read(path)
        if path.endswith(".xz"):
            content = lzma.decompress(content)
        members.append(entry("modules/%02d.ko" % number, 0o100644, content))
    members.append(entry("TRAILER!!!", 0))
    with gzip.GzipFile(HERE + "/ramdisk", "wb", mtime=0) as file:
        file.write(b"".join(members))
    shutil.copyfile(kernel, HERE + "/kernel")


main()
