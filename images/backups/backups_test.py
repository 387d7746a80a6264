"""The program that keeps backups, run as a container runs it, on real folders."""
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import unittest
from pathlib import Path

PROGRAM = str(Path(__file__).with_name("backups.py"))
PYTHON = os.environ.get("KOLLAGE_TEST_PYTHON", sys.executable)
ABOUT = {"deployment": "d", "service": "s", "at": 1}


class Backups(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)

    def run_program(self, *words, data=b"", root=None):
        return subprocess.run([PYTHON, "-I", "-S", PROGRAM, str(root or self.root), *words], input=data, capture_output=True)

    def good(self, *words, **options):
        done = self.run_program(*words, **options)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def refuses(self, text, *words, **options):
        done = self.run_program(*words, **options)
        self.assertEqual(done.returncode, 1)
        self.assertIn(text, done.stderr.decode())
        self.assertNotIn("Traceback", done.stderr.decode())

    def written(self, name, root=None, **files):
        folder = (root or self.root) / ("." + name)
        folder.mkdir()
        for file, content in files.items():
            (folder / file).write_bytes(content)

    def made(self, name, **files):
        self.written(name, **files)
        return json.loads(self.good("seal", name, data=json.dumps(ABOUT).encode()))

    def test_what_is_sealed_is_listed_and_whole(self):
        one = self.made("s-1", data=b"x" * 3000000, version=b"11")
        self.assertEqual([(file["name"], file["size"]) for file in one["files"]], [("data", 3000000), ("version", 2)])
        self.assertEqual(one["service"], "s")
        self.made("s-2", data=b"y")
        self.assertEqual([one["id"] for one in json.loads(self.good("list"))], ["s-1", "s-2"])
        self.assertEqual(json.loads(self.good("check", "s-1")), one)
        self.assertEqual(os.stat(self.root / "s-1" / "manifest.json").st_mode & 0o777, 0o600)

    def test_what_is_not_finished_is_no_backup_and_is_swept(self):
        self.written("s-1", data=b"half")
        self.assertEqual(json.loads(self.good("list")), [])
        self.refuses("nothing was written", "seal", "s-2", data=b"{}")
        self.good("sweep")
        self.assertEqual(os.listdir(self.root), [])

    def test_damage_is_found(self):
        for damage, text in ((lambda path: path.write_bytes(b"short"), "5 of 10 bytes"),
                             (lambda path: path.write_bytes(b"0123456780"), "checksum"),
                             (lambda path: path.unlink(), "missing")):
            with self.subTest(text):
                self.made("s-1", data=b"0123456789")
                damage(self.root / "s-1" / "data")
                self.refuses(text, "check", "s-1")
                self.good("drop", "s-1")
        (self.root / "s-9").mkdir()
        self.assertEqual(json.loads(self.good("list")), [{"id": "s-9", "broken": "it has no manifest that can be read"}])

    def test_it_goes_out_and_comes_in_elsewhere(self):
        one = self.made("s-1", data=os.urandom(100000))
        archive = self.good("out", "s-1")
        with tempfile.TemporaryDirectory() as other:
            self.assertEqual(json.loads(self.good("in", data=archive, root=other)), one)
            self.assertEqual(json.loads(self.good("check", "s-1", root=other)), one)
            self.refuses("already", "in", data=archive, root=other)
            self.assertEqual(os.listdir(other), ["s-1"])

    def test_what_is_cut_off_or_something_else_is_not_taken_in(self):
        self.made("s-1", data=os.urandom(100000))
        archive = self.good("out", "s-1")
        self.good("drop", "s-1")
        for part in (1, 600, 5000, 50000, len(archive) - 100000 // 2):
            with self.subTest(part):
                self.assertEqual(self.run_program("in", data=archive[:part]).returncode, 1)
        self.refuses("no backup", "in", data=b"not a tar at all" * 100)
        self.refuses("checksum", "in", data=archive[:60000] + b"\0" + archive[60001:])
        self.assertEqual(json.loads(self.good("list")), [])

    def test_an_archive_cannot_write_elsewhere(self):
        for name, kind in (("../../evil", tarfile.SYMTYPE), ("x/../../..", tarfile.REGTYPE), ("x/.hidden", tarfile.REGTYPE)):
            with self.subTest(name):
                buffer = io.BytesIO()
                with tarfile.open(fileobj=buffer, mode="w") as archive:
                    info = tarfile.TarInfo(name)
                    info.type, info.linkname = kind, "/etc/passwd"
                    archive.addfile(info)
                self.refuses("no file of a backup", "in", data=buffer.getvalue())

    def test_names_stay_in_the_folder(self):
        for act in ("check", "seal", "out", "drop"):
            self.refuses("no name of a backup", act, "../x", data=b"{}")


if __name__ == "__main__":
    unittest.main()
