"""The start program, run as containers run it: as a process of its own, against real sockets and a real store."""
import ast
import http.server
import io
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import tokenize
import unittest
from pathlib import Path

PROGRAM = str(Path(__file__).with_name("start"))
# Which Python runs the program under test; images/run-tests runs these tests with each that it finds.
PYTHON = os.environ.get("KOLLAGE_TEST_PYTHON", sys.executable)


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.dir = Path(folder.name)
        self.store = self.dir / "store"

    def launch(self, env=None, **spec):
        """Starts the program with this spec; gives the process, whose pipes are text."""
        spec = {"id": "keystone/api", "node": "host1", "instance": "keystone_api", "exec": ["true"], "timeoutSeconds": 20,
                "store": {"type": "directory", "path": str(self.store)}, **spec}
        path = self.dir / ("spec%d.json" % len(list(self.dir.glob("spec*"))))
        path.write_text(json.dumps(spec))
        process = subprocess.Popen([PYTHON, "-I", "-S", PROGRAM], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   env={"PATH": os.environ["PATH"], "KOLLAGE_SPEC": str(path), **(env or {})})
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def run_start(self, env=None, **spec):
        """(exit code, stdout, stderr) of a run to its end."""
        process = self.launch(env, **spec)
        out, err = process.communicate(timeout=30)
        return process.returncode, out, err

    def record(self, *parts):
        return json.loads(self.store.joinpath(*parts).read_text())

    def put(self, path, record):
        target = self.store / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(record))

    def fault_server(self, answer, speaks_first=False):
        """A port that sends `answer` to each client, by default once it has asked, then closes. Only for what a real
        server does not say on demand."""
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)

        def serve():
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                with client:
                    if not speaks_first:
                        client.recv(65536)
                    client.sendall(answer)
        threading.Thread(target=serve, daemon=True).start()
        return listener.getsockname()[1]

    def http(self, status=200, body=b"hello", tls=False):
        """A real HTTP server; `server.status` can be changed while it runs, `server.asked` counts the requests."""
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.server.asked.append((time.monotonic(), self.path, self.headers.get("Host")))
                self.send_response(self.server.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.status, server.asked, server.daemon_threads = status, [], True
        if tls:
            subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=other", "-days", "2",
                            "-keyout", self.dir / "key", "-out", self.dir / "cert"], check=True, capture_output=True)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.dir / "cert", self.dir / "key")
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return server


def endpoint(kind, name="mariadb/server", **probe):
    return {"kind": "endpoint", "name": name, "probe": {"type": kind, "host": "127.0.0.1", **probe}}


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return sock.getsockname()[1]


class Exec(Case):
    def test_the_command_gets_this_very_process(self):
        process = self.launch(exec=["sh", "-c", "echo $$"])
        self.assertEqual(process.communicate(timeout=30)[0].strip(), str(process.pid))

    def test_the_command_gets_the_environment_as_the_engine_set_it(self):
        script = "env | grep -v -e ^PWD= -e ^_= -e ^SHLVL= -e ^KOLLAGE_SPEC= | sort"
        _, out, _ = self.run_start(env={"B": "1"}, exec=["sh", "-c", script])
        self.assertEqual(out.splitlines(), ["B=1", "PATH=" + os.environ["PATH"]])

    def test_the_command_ignores_no_signal_that_python_ignores(self):
        for spec in ({}, {"task": {"fingerprint": "a"}}):
            _, out, _ = self.run_start(exec=["grep", "SigIgn", "/proc/self/status"], **spec)
            ignored = int(out.split()[1], 16)
            self.assertFalse(ignored & (1 << signal.SIGPIPE - 1 | 1 << signal.SIGXFSZ - 1), out)

    def test_exit_codes_of_a_command_that_cannot_be_run(self):
        (self.dir / "text").write_text("x")
        for argv, code, text in (([str(self.dir / "none")], 127, "no such file or directory"),
                                 ([str(self.dir / "text")], 126, "permission denied")):
            with self.subTest(argv):
                got, _, err = self.run_start(exec=argv)
                self.assertEqual(got, code)
                self.assertIn("cannot run %s: %s" % (argv[0], text), err)

    def test_specs_that_are_not_understood(self):
        for spec, text in (
                ({"exec": []}, "has no exec"),
                ({"needs": [{"kind": "moon"}]}, "is not understood: 'moon'"),
                ({"needs": [endpoint("smtp", port=1)]}, "is not understood: 'smtp'"),
                ({"needs": [{"kind": "task", "task": "a/b"}]}, "is not understood: 'fingerprint'"),
                ({"needs": [{"kind": "output", "output": "a/b", "key": "port"}], "store": None}, "has no store"),
                ({"task": {"fingerprint": "a"}, "store": None}, "has no store"),
                ({"store": {"type": "tape"}}, "unknown store type 'tape'"),
                ({"store": {"type": "../../x"}}, "unknown store type '../../x'")):
            with self.subTest(text):
                code, _, err = self.run_start(**spec)
                self.assertEqual(code, 78, err)
                self.assertIn(text, err)
                self.assertNotIn("Traceback", err)

    def test_a_spec_that_is_no_json_or_is_not_there(self):
        for content in ("{", None):
            path = self.dir / "broken.json"
            if content is None:
                path.unlink()
            else:
                path.write_text(content)
            got = subprocess.run([PYTHON, "-I", "-S", PROGRAM], env={"KOLLAGE_SPEC": str(path)}, capture_output=True, text=True)
            self.assertEqual(got.returncode, 78)
            self.assertIn("cannot read the spec " + str(path), got.stderr)


class Probes(Case):
    def not_met(self, need):
        """What the program says of a need that stays unmet."""
        code, _, err = self.run_start(needs=[need], timeoutSeconds=0.7)
        self.assertEqual(code, 75, err)
        self.assertNotIn("Traceback", err)
        return err.splitlines()[-1].partition("not met: ")[2]

    def met(self, need):
        code, _, err = self.run_start(needs=[need])
        self.assertEqual((code, err), (0, ""))

    def test_met(self):
        plain, tls = self.http().server_port, self.http(tls=True).server_port
        unix = socket.socket(socket.AF_UNIX)
        self.addCleanup(unix.close)
        unix.bind(str(self.dir / "sock"))
        unix.listen()
        six = socket.create_server(("::1", 0), family=socket.AF_INET6)
        self.addCleanup(six.close)
        for need in (
                endpoint("tcp", port=plain),
                endpoint("tcp", host="::1", port=six.getsockname()[1]),
                endpoint("tcp", host="localhost", port=plain),
                endpoint("http", port=plain),
                endpoint("http", port=plain, scheme="http", path="/v3", status=[200], body=None),
                endpoint("http", port=plain, status=[300, 200], body="h.llo$"),
                endpoint("http", scheme="https", port=tls, status=[200], body="hello"),
                endpoint("http", host="localhost", scheme="https", port=tls),
                endpoint("socket", path=str(self.dir / "sock")),
                endpoint("file", path=str(self.dir))):
            with self.subTest(need["probe"]):
                self.met(need)

    def test_not_met(self):
        closed, plain, failing = free_port(), self.http().server_port, self.http(status=503).server_port
        too_many = b"\x17\x00\x00\x00\xff\x10\x04Too many connections"
        gone = socket.socket(socket.AF_UNIX)
        gone.bind(str(self.dir / "dead"))
        gone.close()
        for need, text in (
                (endpoint("tcp", port=closed), "mariadb/server (connection refused)"),
                (endpoint("tcp", host="no-such-name.invalid", port=1), "the name no-such-name.invalid is not known"),
                (endpoint("http", port=failing), "HTTP 503"),
                (endpoint("http", port=plain, status=[300]), "HTTP 200"),
                (endpoint("http", port=plain, status=[200], body="bye"), "HTTP 200, but its body does not match bye"),
                (endpoint("http", port=self.fault_server(b"SSH-2.0-x\r\n")), "does not speak HTTP"),
                (endpoint("http", port=self.fault_server(b"HTTP/1.0 2")), "closed the connection after 10 bytes"),
                (endpoint("http", scheme="https", port=plain), "wrong version number"),
                (endpoint("mysql", port=self.fault_server(too_many, True)), "MySQL error 1040: Too many connections"),
                (endpoint("mysql", port=self.fault_server(b"220 smtp ready\r\n", True)), "does not speak the MySQL protocol"),
                (endpoint("mysql", port=self.fault_server(b"", True)), "closed the connection after 0 bytes"),
                (endpoint("amqp", port=self.fault_server(b"AMQP\x01\x01\x00\x0a")), "does not speak AMQP 0-9-1"),
                (endpoint("memcached", port=self.fault_server(b"ERROR\r\n")), "does not speak the memcached protocol"),
                (endpoint("memcached", port=self.fault_server(b"VERS")), "closed the connection after 4 bytes"),
                (endpoint("socket", path=str(self.dir / "none")), "no such file or directory"),
                (endpoint("socket", path=str(self.dir / "dead")), "connection refused"),
                (endpoint("file", path=str(self.dir / "none")), "none does not exist")):
            with self.subTest(text):
                self.assertIn(text, self.not_met(need))

    def test_what_a_probe_asks(self):
        server = self.http()
        self.met(endpoint("http", port=server.server_port, path="/v3?x=1"))
        self.assertEqual(server.asked[0][1:], ("/v3?x=1", "127.0.0.1:%d" % server.server_port))

    def test_an_endless_body_does_not_hold_it_up(self):
        port = self.fault_server(b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * (2 << 20))
        self.assertIn("body does not match", self.not_met(endpoint("http", port=port, body="never")))

    def test_a_slow_endpoint_does_not_delay_the_others(self):
        silent = socket.create_server(("127.0.0.1", 0))  # accepts in its backlog, and never answers
        self.addCleanup(silent.close)
        needs = [endpoint("mysql", "slow/one", port=silent.getsockname()[1]), endpoint("http", port=self.http().server_port)]
        code, _, err = self.run_start(needs=needs, timeoutSeconds=5.5)
        self.assertTrue(err.splitlines()[-1].endswith("not met: slow/one (no answer within 5 s)"), err)
        needs = {need["need"]: need for need in self.record("waiting", "keystone_api.json")["needs"]}
        self.assertLess(needs["mariadb/server"]["metAfterSeconds"], 5)
        self.assertIsNone(needs["slow/one"]["metAfterSeconds"])


class Waiting(Case):
    def test_five_probes_a_second(self):
        server = self.http(status=503)
        code, _, _ = self.run_start(needs=[endpoint("http", port=server.server_port)], timeoutSeconds=2.1)
        self.assertEqual(code, 75)
        self.assertIn(len(server.asked), range(8, 13))

    def test_backing_off(self):
        sys.path.insert(0, os.path.dirname(PROGRAM))
        self.addCleanup(sys.path.remove, os.path.dirname(PROGRAM))
        from waiting import pause
        self.assertEqual([pause(elapsed) for elapsed in (0, 10, 25, 50, 500)], [0.2, 0.2, 0.5, 1.0, 1.0])

    def test_it_says_what_it_waits_for_and_goes_on_when_it_comes(self):
        server = self.http(status=503)
        process = self.launch(exec=["echo", "ran"], needs=[
            endpoint("http", "keystone/public", port=server.server_port),
            {"kind": "task", "task": "keystone/db-sync", "fingerprint": "ab12"},
            {"kind": "output", "output": "mariadb/server", "key": "port"}])
        self.assertEqual(process.stderr.readline(),
                         "kollage-start: keystone/api waits for keystone/public (HTTP 503), task keystone/db-sync ab12 (has "
                         "no record), output mariadb/server:port (has not been published)\n")
        self.put("tasks/keystone__db-sync/ab12.json", {"state": "failed", "exitCode": 3})
        self.assertIn("task keystone/db-sync ab12 (failed with exit code 3)", process.stderr.readline())
        report = self.record("waiting", "keystone_api.json")
        self.assertEqual((report["state"], report["id"], report["node"], report["instance"]),
                         ("waiting", "keystone/api", "host1", "keystone_api"))
        self.assertEqual([(need["need"], need["kind"], need["error"]) for need in report["needs"]], [
            ("keystone/public", "endpoint", "HTTP 503"),
            ("task keystone/db-sync ab12", "task", "failed with exit code 3"),
            ("output mariadb/server:port", "output", "has not been published")])
        self.put("tasks/keystone__db-sync/ab12.json", {"state": "done"})
        self.put("outputs/mariadb__server.json", {"outputs": {"port": "3306"}})
        server.status = 200
        out, err = process.communicate(timeout=30)
        self.assertEqual((process.returncode, out), (0, "ran\n"))
        self.assertRegex(err.splitlines()[-1], r"^kollage-start: keystone/api starts after \d\.\d s$")
        report = self.record("waiting", "keystone_api.json")
        self.assertEqual(report["state"], "started")
        self.assertTrue(all(need["metAfterSeconds"] for need in report["needs"]))
        self.assertEqual(self.store.joinpath("waiting", "keystone_api.json").stat().st_mode & 0o777, 0o644)

    def test_reports_are_at_most_one_a_second(self):
        server, stop = self.http(status=500), threading.Event()

        def flicker():
            while not stop.wait(0.05):
                server.status = 1001 - server.status
        threading.Thread(target=flicker, daemon=True).start()
        self.addCleanup(stop.set)
        _, _, err = self.run_start(needs=[endpoint("http", port=server.server_port)], timeoutSeconds=3)
        self.assertIn(len(err.splitlines()), range(2, 5), err)

    def test_the_timeout_names_every_unmet_need(self):
        code, _, err = self.run_start(timeoutSeconds=0.6, needs=[
            endpoint("tcp", "a/b", port=free_port()), endpoint("tcp", "c/d", port=self.http().server_port),
            {"kind": "task", "task": "e/f", "fingerprint": "12"}])
        self.assertEqual(code, 75)
        self.assertEqual(err.splitlines()[-1], "kollage-start: keystone/api gave up after 0.6 s; not met: "
                         "a/b (connection refused), task e/f 12 (has no record)")
        self.assertEqual(self.record("waiting", "keystone_api.json")["state"], "timed-out")

    def test_signals_end_the_wait_at_once(self):
        for number, code in ((signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)):
            with self.subTest(number):
                process = self.launch(needs=[endpoint("tcp", port=free_port())])
                process.stderr.readline()  # it waits
                process.send_signal(number)
                self.assertEqual(process.wait(timeout=10), code)

    def test_an_endpoint_that_was_met_long_ago_is_asked_again(self):
        early = self.http()
        process = self.launch(timeoutSeconds=40, needs=[
            endpoint("http", "early/one", port=early.server_port), {"kind": "task", "task": "e/f", "fingerprint": "12"}])
        process.stderr.readline()
        self.assertEqual(len(early.asked), 1)
        early.status = 500
        threading.Timer(10.5, self.put, ("tasks/e__f/12.json", {"state": "done"})).start()
        self.assertIn("early/one (HTTP 500)", process.stderr.readline())
        early.status = 200
        self.assertEqual(process.wait(timeout=10), 0)

    def test_a_store_that_cannot_be_written_is_a_warning_for_a_report(self):
        self.store.write_text("not a folder")
        process = self.launch(needs=[endpoint("tcp", port=free_port())], timeoutSeconds=0.7)
        _, err = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 75)
        self.assertEqual(err.count("warning: cannot tell the store"), 1)

    def test_a_store_with_a_watch_wakes_it(self):
        # The shape that the stores of other engines need: a module beside the program, whose watch() can be selected.
        for source in Path(PROGRAM).parent.glob("*"):
            if source.is_file():
                (self.dir / source.name).write_bytes(source.read_bytes())
        (self.dir / "store_pipe.py").write_text(
            "import os\n"
            "class Store:\n"
            "    def __init__(self, config): self.fd, self.known = os.open(config['path'], os.O_RDWR), {}\n"
            "    def watch(self, needs): return self.fd\n"
            "    def refresh(self): self.known = {'state': os.read(self.fd, 99).decode()}\n"
            "    def task(self, task, fingerprint): return self.known\n"
            "    def publish_waiting(self, instance, report): pass\n")
        os.mkfifo(self.dir / "pipe")
        spec = {"id": "a/b", "instance": "a_b", "exec": ["true"], "needs": [{"kind": "task", "task": "e/f", "fingerprint": "1"}],
                "store": {"type": "pipe", "path": str(self.dir / "pipe")}}
        (self.dir / "spec.json").write_text(json.dumps(spec))
        process = subprocess.Popen([PYTHON, "-I", "-S", str(self.dir / "start")], stderr=subprocess.PIPE,
                                   env={"PATH": os.environ["PATH"], "KOLLAGE_SPEC": str(self.dir / "spec.json")})
        self.addCleanup(process.stderr.close)
        self.assertIn(b"task e/f 1 (has no record)", process.stderr.readline())
        (self.dir / "pipe").write_text("done")
        self.assertEqual(process.wait(timeout=5), 0)


class Fill(Case):
    def fill(self, files, **spec):
        """Fills a tree of {name: bytes}; gives (code, stderr, target folder)."""
        source, target = self.dir / "config", self.dir / "target"
        for name, content in files.items():
            path = source / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        code, _, err = self.run_start(fill=[{"source": str(source), "target": str(target)}], **spec)
        return code, err, target

    def test_tokens(self):
        self.put("outputs/mariadb__server.json", {"outputs": {"port": "3307", "number": 7}})
        own = subprocess.run(["ip", "-4", "-o", "route", "get", "240.0.0.1"], capture_output=True, text=True).stdout
        own = own.split(" src ")[1].split()[0] if " src " in own else None
        for text, expected in (
                (b"host=@{node.name}", b"host=host1"),
                (b"@{node.address:lo}:@{output.mariadb/server:port}", b"127.0.0.1:3307"),
                (b"@{output.mariadb/server:number}", b"7"),
                (b"@{node.address}", own and own.encode()),
                (b"nothing @ { here } @{} @{PROC} @{$list} @{run}/x ${a.b} {{ c }}\n\xff\xfe", None),
                (b"\0binary @{node.name}", None)):
            with self.subTest(text):
                code, err, target = self.fill({"file": text})
                self.assertEqual((code, err), (0, ""))
                self.assertEqual((target / "file").read_bytes(), expected or text)

    def test_tokens_that_cannot_be_filled(self):
        for text, expected in (
                ("@{node.address:eth99}", "file: @{node.address:eth99}: no interface eth99 has an address; there are "),
                ("@{secret.keystone.admin}", "file: @{secret.keystone.admin}: unknown; there are node.name, node.address"),
                ("@{node.nam}", "@{node.nam}: unknown"),
                ("@{output.mariadb/server:port}", "mariadb/server has not published port"),
                ("@{output.mariadb/server}", "@{output.mariadb/server}: unknown")):
            with self.subTest(text):
                code, err, target = self.fill({"file": text.encode()})
                self.assertEqual(code, 78)
                self.assertIn(expected, err)
                self.assertFalse((target / "file").exists())

    def test_the_command_and_the_environment_are_filled_too(self):
        _, out, _ = self.run_start(env={"NAME": "x@{node.name}", "PS1": "@{HOME}"},
                                   exec=["sh", "-c", "echo $NAME $PS1 @{node.name}"])
        self.assertEqual(out, "xhost1 @{HOME} host1\n")
        code, _, err = self.run_start(env={"PASS": "@{secret.x}"})
        self.assertEqual(code, 78)
        self.assertIn("variable PASS: @{secret.x}: unknown", err)

    def test_modes_are_kept_and_what_is_beside_stays(self):
        (self.dir / "config/inner").mkdir(parents=True)
        for name, mode in (("secret", 0o600), ("run.sh", 0o755), ("inner/group", 0o640)):
            path = self.dir / "config" / name
            path.write_text("x")
            path.chmod(mode)
        (self.dir / "config/inner").chmod(0o2750)
        (self.dir / "target").mkdir()
        (self.dir / "target/secret").write_text("old")
        (self.dir / "target/other").write_text("stays")
        previous = os.umask(0o077)
        self.addCleanup(os.umask, previous)
        _, _, target = self.fill({})
        self.assertEqual({str(path.relative_to(target)): oct(path.stat().st_mode)[-4:] for path in target.rglob("*")
                          if path.name != "other"},
                         {"secret": "0600", "run.sh": "0755", "inner": "2750", "inner/group": "0640"})
        self.assertEqual([(target / name).read_text() for name in ("secret", "other")], ["x", "stays"])

    def test_a_volume_as_kubernetes_lays_it_out(self):
        version = self.dir / "config/..2026_01_01"
        version.mkdir(parents=True)
        (version / "a.conf").write_text("@{node.name}")
        (self.dir / "config/..data").symlink_to("..2026_01_01")
        (self.dir / "config/a.conf").symlink_to("..data/a.conf")
        _, _, target = self.fill({})
        self.assertEqual([path.name for path in target.iterdir()], ["a.conf"])
        self.assertEqual((target / "a.conf").read_text(), "host1")

    def test_one_file(self):
        (self.dir / "one").write_text("@{node.name}")
        self.run_start(fill=[{"source": str(self.dir / "one"), "target": str(self.dir / "new/two")}])
        self.assertEqual((self.dir / "new/two").read_text(), "host1")

    def test_a_target_that_cannot_be_written(self):
        (self.dir / "target").write_text("a file")
        code, err, _ = self.fill({"a": b"x"})
        self.assertEqual(code, 73)
        self.assertIn("cannot fill " + str(self.dir / "target"), err)

    def test_a_source_that_is_not_there(self):
        code, _, err = self.run_start(fill=[{"source": "/none", "target": str(self.dir / "x")}])
        self.assertEqual(code, 73)
        self.assertIn("'/none'", err)


class Tasks(Case):
    def task(self, script, fingerprint="ab12", **task):
        return {"id": "keystone/db-sync", "instance": "keystone_db_sync", "exec": ["sh", "-c", script],
                "task": {"fingerprint": fingerprint, **task}}

    def result(self, fingerprint="ab12"):
        return self.record("tasks", "keystone__db-sync", fingerprint + ".json")

    def test_success_and_outputs_are_recorded_once(self):
        script = "echo x >> %s/runs; echo 3306 > %s/port" % (self.dir, self.dir)
        spec = self.task(script, outputs={"port": str(self.dir / "port")})
        self.assertEqual(self.run_start(**spec)[0], 0)
        record = self.result()
        self.assertLessEqual({"id": "keystone/db-sync", "fingerprint": "ab12", "state": "done", "exitCode": 0, "node": "host1",
                              "instance": "keystone_db_sync", "outputs": ["port"]}.items(), record.items())
        self.assertRegex(record["startedAt"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        self.assertLessEqual(record["startedAt"], record["endedAt"])
        self.assertEqual(self.record("outputs", "keystone__db-sync.json"),
                         {"id": "keystone/db-sync", "outputs": {"port": "3306"}})
        code, _, err = self.run_start(**spec)
        self.assertEqual((code, err), (0, "kollage-start: keystone/db-sync ab12 is done already\n"))
        self.assertEqual((self.dir / "runs").read_text(), "x\n")
        self.run_start(**self.task(script, "cd34"))
        self.assertEqual((self.dir / "runs").read_text(), "x\nx\n")
        for path in self.store.rglob("*.json"):
            self.assertEqual(path.stat().st_mode & 0o777, 0o644, path)
        self.assertEqual(list(self.store.rglob(".*")), [], "a temporary file was left")

    def test_failure_is_recorded_and_can_be_tried_again(self):
        for script, code in (("exit 3", 3), ("kill -9 $$", 137)):
            with self.subTest(script):
                self.assertEqual(self.run_start(**self.task(script))[0], code)
                self.assertEqual((self.result()["state"], self.result()["exitCode"]), ("failed", code))
        self.assertEqual(self.run_start(**self.task("true"))[0], 0)
        self.assertEqual(self.result()["state"], "done")

    def test_a_command_that_is_not_there_fails_the_task(self):
        code, _, err = self.run_start(**{**self.task(""), "exec": ["/none"]})
        self.assertEqual((code, self.result()["exitCode"]), (127, 127))
        self.assertIn("cannot run /none", err)

    def test_an_output_that_was_not_written_fails_the_task(self):
        code, _, err = self.run_start(**self.task("true", outputs={"port": "/none"}))
        self.assertEqual((code, self.result()["state"]), (65, "failed"))
        self.assertIn("did not write its output port", err)

    def test_signals_are_handed_on(self):
        # Ignored in what a shell starts in the background, and then no shell below can trap it.
        self.addCleanup(signal.signal, signal.SIGQUIT, signal.signal(signal.SIGQUIT, signal.SIG_DFL))
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2):
            with self.subTest(number):
                process = self.launch(**self.task("trap 'exit 9' %d; echo up; while :; do sleep 0.02; done" % number))
                process.stdout.readline()
                process.send_signal(number)
                self.assertEqual(process.wait(timeout=5), 9)

    def test_two_runs_at_once_run_it_once(self):
        os.mkfifo(self.dir / "gate")
        spec = self.task("echo x >> %s/runs; read line < %s/gate" % (self.dir, self.dir))
        first, second = self.launch(**spec), self.launch(**spec)
        lines = []
        waiting = threading.Event()

        def read(process):
            for line in process.stderr:
                lines.append(line)
                waiting.set()
        for process in (first, second):
            threading.Thread(target=read, args=(process,), daemon=True).start()
        self.assertTrue(waiting.wait(10))
        self.assertIn("is being run by another container", lines[0])
        (self.dir / "gate").write_text("go\n")
        self.assertEqual((first.wait(10), second.wait(10)), (0, 0))
        self.assertEqual((self.dir / "runs").read_text(), "x\n")

    def test_the_lock_lasts_as_long_as_the_command_even_when_its_start_program_is_killed(self):
        os.mkfifo(self.dir / "gate")
        first = self.launch(**self.task("echo up; read line < %s/gate; echo first > %s/order" % (self.dir, self.dir)))
        first.stdout.readline()
        first.kill()
        second = self.launch(**self.task("echo second >> %s/order" % self.dir))
        self.assertIn("is being run by another", second.stderr.readline())
        (self.dir / "gate").write_text("go\n")
        self.assertEqual(second.wait(10), 0)
        self.assertEqual((self.dir / "order").read_text(), "first\nsecond\n")

    def test_two_fingerprints_of_a_task_run_one_after_the_other(self):
        os.mkfifo(self.dir / "gate")
        first = self.launch(**self.task("echo up; read line < %s/gate; echo first > %s/order" % (self.dir, self.dir)))
        first.stdout.readline()
        second = self.launch(**self.task("echo second >> %s/order" % self.dir, "cd34"))
        self.assertIn("keystone/db-sync is being run by another container", second.stderr.readline())
        (self.dir / "gate").write_text("go\n")
        self.assertEqual((first.wait(10), second.wait(10)), (0, 0))
        self.assertEqual((self.dir / "order").read_text(), "first\nsecond\n")

    def test_a_waiting_second_run_can_be_stopped(self):
        os.mkfifo(self.dir / "gate")
        spec = self.task("echo up; read line < %s/gate" % self.dir)
        first = self.launch(**spec)
        first.stdout.readline()
        second = self.launch(**spec)
        second.stderr.readline()
        second.terminate()
        self.assertEqual(second.wait(5), 143)
        (self.dir / "gate").write_text("go\n")
        self.assertEqual(first.wait(10), 0)

    def test_a_store_that_cannot_be_written_stops_a_task_before_it_runs(self):
        self.store.write_text("not a folder")
        code, _, err = self.run_start(**self.task("touch %s/ran" % self.dir))
        self.assertEqual(code, 73)
        self.assertIn("user %d cannot write the record of task keystone/db-sync to the store %s" % (os.getuid(), self.store), err)
        self.assertFalse((self.dir / "ran").exists())

    def test_a_damaged_record_is_no_record(self):
        self.put("tasks/keystone__db-sync/ab12.json", {})
        (self.store / "tasks/keystone__db-sync/ab12.json").write_text('{"state": "do')
        self.assertEqual(self.run_start(**self.task("true"))[0], 0)
        self.assertEqual(self.result()["state"], "done")


class Size(unittest.TestCase):
    def lines_of_code(self, source):
        """The numbers of the lines that hold more than a comment or a part of a docstring."""
        skipped = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
        lines = set()
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type not in skipped:
                lines.update(range(token.start[0], token.end[0] + 1))
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node) is not None:
                lines.difference_update(range(node.body[0].lineno, node.body[0].end_lineno + 1))
        return lines

    def test_what_counts(self):
        source = '"""Doc\nstring."""\n\n# comment\nx = (1,  # one\n     2)\ndef f():\n    "doc"\n    return """a\nb"""\n'
        self.assertEqual(self.lines_of_code(source), {5, 6, 7, 9, 10})

    def test_the_program_has_fewer_than_500_lines_of_code_and_a_store_fewer_than_200(self):
        # It is read by whoever trusts it with every container; what grows over this is to be made simpler.
        # A container has but one of the stores.
        files = [path for path in Path(PROGRAM).parent.glob("*.py") if not path.name.endswith("_test.py")]
        counts = {path.name: len(self.lines_of_code(path.read_text())) for path in (Path(PROGRAM), *files)}
        stores = {name: lines for name, lines in counts.items() if name.startswith("store_")}
        self.assertLess(sum(counts.values()) - sum(stores.values()), 500, counts)
        self.assertLess(max(stores.values()), 200, stores)
        for path in (Path(PROGRAM), *files):
            self.assertEqual([line for line in path.read_text().splitlines() if len(line) > 120], [], path.name)


if __name__ == "__main__":
    unittest.main()
