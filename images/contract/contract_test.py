"""What of the contract can be tried without a container: the format's checks, and the health checks on real sockets."""
import importlib.machinery
import importlib.util
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).parent
sys.dont_write_bytecode = True


def load_set_configs():
    loader = importlib.machinery.SourceFileLoader("kolla_set_configs", str(HERE / "bin/kolla_set_configs"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


set_configs = load_set_configs()
FILE = {"source": "/a", "dest": "/b", "owner": "nova", "perm": "0600"}
PATH = {"path": "/a", "owner": "nova", "perm": "0755"}


class Format(unittest.TestCase):
    def test_accepted(self):
        for config in (
                {"command": "x"},
                {"command": "", "config_files": [], "permissions": []},
                {"command": "x", "config_files": [FILE, {"source": "/a", "dest": "/b", "preserve_properties": True}]},
                {"command": "x", "config_files": [{**FILE, "optional": True, "merge": False, "exclude": ["x"],
                                                   "ignore_dangling": True}]},
                {"command": "x", "directories": [PATH], "files": [PATH], "permissions": [
                    {"path": "/a/*.log", "owner": "a:b", "recurse": True, "exclude": ["^x"]}, {**PATH, "perm": "2775"}]}):
            with self.subTest(config):
                set_configs.validate(config)

    def test_refused(self):
        for config, text in (
                ([], "not a mapping"),
                ({}, "no command"),
                ({"command": 3}, "no command"),
                ({"command": "x", "config_file": []}, "unknown key: config_file"),
                ({"command": "x", "config_files": {}}, "config_files is not a list"),
                ({"command": "x", "config_files": ["a"]}, "config_files[0] is not a mapping"),
                ({"command": "x", "config_files": [FILE, {**FILE, "owner_": "a"}]}, "config_files[1]: unknown key: owner_"),
                ({"command": "x", "config_files": [{"source": "/a", "owner": "a", "perm": "0600"}]}, "config_files[0] has no dest"),
                ({"command": "x", "config_files": [{"source": "/a", "dest": "/b", "owner": "a"}]}, "needs owner and perm"),
                ({"command": "x", "config_files": [{**FILE, "perm": 384}]}, "perm must be of type str: 384"),
                ({"command": "x", "config_files": [{**FILE, "optional": "true"}]}, "optional must be of type bool"),
                ({"command": "x", "config_files": [{**FILE, "perm": "rw"}]}, "invalid permission 'rw'"),
                ({"command": "x", "files": [{**PATH, "path": "/a/*"}]}, "must not be a pattern: /a/*"),
                ({"command": "x", "directories": [{**PATH, "perm": None}]}, "directories[0] has no perm"),
                ({"command": "x", "directories": [{**PATH, "recurse": True}]}, "unknown key: recurse"),
                ({"command": "x", "permissions": [{"path": "/a"}]}, "permissions[0] has no owner")):
            with self.subTest(text):
                with self.assertRaises(set_configs.Refused) as caught:
                    set_configs.validate(config)
                self.assertIn(text, str(caught.exception))

    def test_modes(self):
        for text, mode in (("0644", 0o644), ("644", 0o644), ("2775", 0o2775), ("0o600", 0o600), ("0o1777", 0o1777)):
            self.assertEqual(set_configs.mode_of(text), mode)
        for text in ("", "64", "0888", "00644", "0x1ff", "0644\n", "u+x"):
            with self.subTest(text), self.assertRaises(set_configs.Refused):
                set_configs.mode_of(text)

    def test_owners(self):
        self.assertEqual(set_configs.ids_of("root"), (0, 0))
        self.assertEqual(set_configs.ids_of("root:"), (0, 0))
        self.assertEqual(set_configs.ids_of("daemon:bin"), (1, 2))
        for owner, text in (("nemo", "no user nemo"), ("root:nemo", "no group nemo"), ("0", "no user 0")):
            with self.assertRaisesRegex(set_configs.Refused, text):
                set_configs.ids_of(owner)


class HealthChecks(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.dir = pathlib.Path(folder.name)

    def check(self, name, *arguments, **env):
        program = HERE / "bin" / name
        if name in ("healthcheck_listen", "healthcheck_port", "healthcheck_socket"):
            program = self.dir / name  # as the install script links it
            if not program.exists():
                program.symlink_to(HERE / "bin/healthcheck_process")
        return subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, env={**os.environ, **env}).returncode

    def listen(self, kind=socket.SOCK_STREAM, family=socket.AF_INET):
        sock = socket.socket(family, kind)
        self.addCleanup(sock.close)
        sock.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0))
        if kind == socket.SOCK_STREAM:
            sock.listen()
        return sock, sock.getsockname()[1]

    def test_listen(self):
        ours = r"contract_test|unittest|discover"
        for kind, family in ((socket.SOCK_STREAM, socket.AF_INET), (socket.SOCK_STREAM, socket.AF_INET6),
                             (socket.SOCK_DGRAM, socket.AF_INET)):
            with self.subTest((kind, family)):
                sock, port = self.listen(kind, family)
                self.assertEqual(self.check("healthcheck_listen", ours, port), 0)
                self.assertEqual(self.check("healthcheck_listen", ours, "1 2", port), 0)
                self.assertEqual(self.check("healthcheck_listen", "no-such-process", port), 1)
                sock.close()
                self.assertEqual(self.check("healthcheck_listen", ours, port), 1)

    def test_port(self):
        ours = r"contract_test|unittest|discover"
        sock, port = self.listen()
        self.assertEqual(self.check("healthcheck_port", ours, port), 1)
        with socket.create_connection(("127.0.0.1", port)):
            self.assertEqual(self.check("healthcheck_port", ours, 1, port), 0)
            self.assertEqual(self.check("healthcheck_port", "no-such-process", port), 1)

    def test_socket(self):
        sock = socket.socket(socket.AF_UNIX)
        self.addCleanup(sock.close)
        sock.bind(str(self.dir / "s"))
        sock.listen()
        name = pathlib.Path("/proc/self/comm").read_text().strip()
        self.assertEqual(self.check("healthcheck_socket", name + "-and-more" if len(name) == 15 else name, self.dir / "s"), 0)
        self.assertEqual(self.check("healthcheck_socket", "no-such-process", self.dir / "s"), 1)
        self.assertEqual(self.check("healthcheck_socket", name, self.dir / "other"), 1)

    def test_filemod(self):
        file = self.dir / "beat"
        self.assertEqual(self.check("healthcheck_filemod", file, 10), 1)
        file.touch()
        self.assertEqual(self.check("healthcheck_filemod", file, 10), 0)
        os.utime(file, (time.time() - 60, time.time() - 60))
        self.assertEqual(self.check("healthcheck_filemod", file, 10), 1)
        self.assertEqual(self.check("healthcheck_filemod", file, 90), 0)

    def test_curl(self):
        (self.dir / "www").mkdir()
        (self.dir / "www/there").write_text("x")
        server = subprocess.Popen([sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "-d", self.dir / "www"],
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(server.stdout.close)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        port = server.stdout.readline().split(" port ")[1].split()[0]
        self.assertEqual(self.check("healthcheck_curl", "http://127.0.0.1:%s/there" % port), 0)
        self.assertEqual(self.check("healthcheck_curl", "http://127.0.0.1:%s/none" % port), 1)
        output = self.dir / "out"
        self.assertEqual(self.check("healthcheck_curl", "http://127.0.0.1:%s/there" % port, HEALTHCHECK_CURL_OUTPUT=str(output)), 0)
        self.assertEqual(output.read_text(), "x")

    def test_a_name_that_is_no_check(self):
        self.assertEqual(self.check("healthcheck_process", "x", "1"), 2)


if __name__ == "__main__":
    unittest.main()
