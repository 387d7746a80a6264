"""Keeps backups in a folder: each one a folder of its own, named by its id, with what a service wrote and a manifest.

backups.py FOLDER ACT [ID…]; README.md says what each act takes and gives. It runs as root, and what it makes belongs to whom FOLDER belongs
to. A backup appears whole or not at all: it is made beside its place, synced, and renamed. Runs on Python 3.9 with the standard library.
"""
import hashlib
import json
import os
import re
import shutil
import sys
import tarfile

MANIFEST = "manifest.json"
FORMAT = "kollage-backup/1"
UNFINISHED = "."
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,199}")
CHUNK = 1 << 20


class Bad(Exception):
    """A backup that is not what it shall be."""


class Summed:
    """Hands a file's bytes on, and sums them up."""

    def __init__(self, file):
        self.file, self.sum, self.size = file, hashlib.sha256(), 0

    def read(self, count=-1):
        data = self.file.read(CHUNK if count is None or count < 0 else count)
        self.sum.update(data)
        self.size += len(data)
        return data

    def all(self):
        while self.read():
            pass
        return self.size, self.sum.hexdigest()


def summed(path):
    with open(path, "rb") as file:
        return Summed(file).all()


def manifest_of(folder):
    """The manifest in a backup's folder. Raises Bad."""
    try:
        with open(os.path.join(folder, MANIFEST), encoding="utf-8") as file:
            manifest = json.load(file)
    except (OSError, ValueError):
        raise Bad("it has no manifest that can be read") from None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise Bad("it is of another format than %s" % FORMAT)
    files = manifest.get("files")
    if not isinstance(files, list) or not all(
            isinstance(file, dict) and isinstance(file.get("name"), str) and NAME.fullmatch(file["name"]) for file in files):
        raise Bad("its manifest names no files")
    return manifest


def check(folder):
    """The manifest, when all that it promises is there. Raises Bad."""
    manifest = manifest_of(folder)
    for file in manifest["files"]:
        path = os.path.join(folder, file["name"])
        if not os.path.isfile(path):
            raise Bad("%s is missing" % file["name"])
        size = os.path.getsize(path)
        if size != file.get("size"):
            raise Bad("%s has %d of %d bytes" % (file["name"], size, file.get("size", 0)))
        if summed(path)[1] != file.get("sha256"):
            raise Bad("%s is not what was written: its checksum is another" % file["name"])
    return manifest


def listed(root):
    """One entry for each backup, the oldest first: its manifest, or why it cannot be used."""
    found = []
    for name in sorted(os.listdir(root)):
        folder = os.path.join(root, name)
        if name.startswith(UNFINISHED) or not os.path.isdir(folder):
            continue
        try:
            found.append(manifest_of(folder))
        except Bad as error:
            found.append({"id": name, "broken": str(error)})
    return found


def seal(root, name, about):
    """Makes what a service wrote into .ID a backup, described by `about`."""
    folder = os.path.join(root, UNFINISHED + name)
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    if not names:
        raise Bad("nothing was written")
    files = []
    for file in names:
        if not NAME.fullmatch(file) or not os.path.isfile(os.path.join(folder, file)):
            raise Bad("%s is no file that can be kept" % file)
        size, digest = summed(os.path.join(folder, file))
        files.append({"name": file, "size": size, "sha256": digest})
    manifest = {**about, "format": FORMAT, "id": name, "files": files}
    write(os.path.join(folder, MANIFEST), json.dumps(manifest).encode())
    place(root, folder, name)
    return manifest


def bring_out(root, name, to):
    folder = os.path.join(root, name)
    manifest = manifest_of(folder)
    with tarfile.open(fileobj=to, mode="w|", format=tarfile.PAX_FORMAT) as archive:
        for file in [MANIFEST] + [file["name"] for file in manifest["files"]]:
            archive.add(os.path.join(folder, file), arcname="%s/%s" % (name, file), filter=anonymous)


def anonymous(info):
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    info.mode = 0o600
    return info


def bring_in(root, source):
    """The manifest of the backup that the stream held, once it is whole and in its place."""
    folder = os.path.join(root, UNFINISHED + "in")
    shutil.rmtree(folder, ignore_errors=True)
    os.mkdir(folder, 0o700)
    try:
        unpack(source, folder)
        manifest = check(folder)
        name = manifest.get("id")
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise Bad("its manifest does not say which one it is")
        if os.path.exists(os.path.join(root, name)):
            raise Bad("there is one of the name %s already" % name)
        place(root, folder, name)
        return manifest
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def unpack(source, folder):
    """The files of an archive, wherever it would have them. Raises Bad."""
    try:
        with tarfile.open(fileobj=source, mode="r|") as archive:
            for member in archive:
                name = member.name.split("/")[-1]
                if not member.isfile() or not NAME.fullmatch(name):
                    raise Bad("it holds something that is no file of a backup")
                with open(os.open(os.path.join(folder, name), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                    shutil.copyfileobj(archive.extractfile(member), file, CHUNK)
                    file.flush()
                    os.fsync(file.fileno())
    except (tarfile.TarError, EOFError, FileExistsError) as error:
        raise Bad("it is no backup, or not a whole one (%s)" % error) from None


def place(root, folder, name):
    owner = os.stat(root)
    for path in [os.path.join(folder, file) for file in os.listdir(folder)] + [folder]:
        os.chown(path, owner.st_uid, owner.st_gid)
    sync(folder)
    os.rename(folder, os.path.join(root, name))
    sync(root)


def write(path, data):
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def sync(folder):
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def drop(root, name):
    """Renamed first: one that is half gone is no backup."""
    gone = os.path.join(root, UNFINISHED + name)
    shutil.rmtree(gone, ignore_errors=True)
    os.rename(os.path.join(root, name), gone)
    shutil.rmtree(gone)


def sweep(root):
    """Takes away what was begun and not finished."""
    for name in os.listdir(root):
        if name.startswith(UNFINISHED):
            shutil.rmtree(os.path.join(root, name), ignore_errors=True)


def main(root, act, *names):
    if any(not NAME.fullmatch(name) for name in names):
        raise Bad("that is no name of a backup")
    if act == "list":
        print(json.dumps(listed(root)))
    elif act == "check":
        print(json.dumps(check(os.path.join(root, names[0]))))
    elif act == "seal":
        print(json.dumps(seal(root, names[0], json.load(sys.stdin))))
    elif act == "out":
        bring_out(root, names[0], sys.stdout.buffer)
    elif act == "in":
        print(json.dumps(bring_in(root, sys.stdin.buffer)))
    elif act == "drop":
        for name in names:
            drop(root, name)
    elif act == "sweep":
        sweep(root)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (Bad, OSError) as error:
        sys.exit(str(error))
