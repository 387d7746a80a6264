"""The store of Kubernetes against a server that speaks its protocol: what a real API server does not do on demand, such as
to break a watch, and what needs none. test/engines tries it on a real cluster."""
import hashlib
import http.server
import json
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path
from urllib.parse import parse_qs, urlparse

PROGRAM = str(Path(__file__).with_name("start"))
PYTHON = os.environ.get("KOLLAGE_TEST_PYTHON", sys.executable)


def made(kind, name, **more):
    return {"kind": kind, "metadata": {"name": name, **more.pop("metadata", {})}, **more}


class Faults:
    """A server with objects by path; `breaks`: so many watches end at once."""

    def __init__(self, folder):
        self.objects, self.asked, self.sent, self.breaks, self.refuse = {}, [], [], 0, None
        self.changed, self.version = threading.Condition(), 1
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "2",
                        "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder / "key", "-out", folder / "ca.crt"],
                       check=True, capture_output=True)
        (folder / "token").write_text("secret-token")
        faults = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self, status, data):
                body = json.dumps(data).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                url = urlparse(self.path)
                path, query = url.path.rpartition("/")[2], parse_qs(url.query)
                faults.asked.append((path, query, self.headers["Authorization"]))
                if faults.refuse:
                    return self.answer(403, {"message": faults.refuse})
                if "watch" not in query:
                    return self.answer(200, {"metadata": {"resourceVersion": str(faults.version)},
                                             "items": faults.objects.get(path, [])})
                self.send_response(200)
                self.end_headers()
                if faults.breaks > 0:
                    faults.breaks -= 1
                    return
                with faults.changed:
                    while faults.version == int(query["resourceVersion"][0]):
                        faults.changed.wait()
                for one in faults.objects.get(path, []):
                    self.wfile.write(json.dumps({"type": "MODIFIED", "object": one}).encode() + b"\n")

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                faults.sent.append((self.command, self.path, self.headers["Content-Type"], body))
                self.answer(200, {})
            do_PATCH = do_POST

            def log_message(self, *args):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "ca.crt", folder / "key")
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def put(self, path, *objects):
        with self.changed:
            self.objects[path] = list(objects)
            self.version += 1
            self.changed.notify_all()


class Kubernetes(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.dir = Path(folder.name)
        self.faults = Faults(self.dir)
        self.addCleanup(self.faults.server.server_close)
        self.addCleanup(self.faults.server.shutdown)

    def launch(self, **spec):
        spec = {"id": "keystone/api", "instance": "keystone/api", "exec": ["echo", "started"], "timeoutSeconds": 20,
                "store": {"type": "kubernetes", "namespace": "cloud", "tasks": "tasks", "outputs": "outputs"}, **spec}
        path = self.dir / "spec.json"
        path.write_text(json.dumps(spec))
        process = subprocess.Popen(
            [PYTHON, "-I", "-S", PROGRAM], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={"PATH": os.environ["PATH"], "KOLLAGE_SPEC": str(path), "KOLLAGE_ACCOUNT": str(self.dir),
                 "KOLLAGE_TOLD": str(self.dir / "told"),
                 "KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": str(self.faults.server.server_port),
                 "KOLLAGE_INSTANCE": "keystone-api-x", "KOLLAGE_NODE": "n1", "KOLLAGE_POD": "uid"})
        for stream in (process.stderr, process.stdout):
            self.addCleanup(stream.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def run_start(self, **spec):
        process = self.launch(**spec)
        out, err = process.communicate(timeout=30)
        return process.returncode, out, err

    def wait_for(self, what):
        end = time.monotonic() + 15
        while not what():
            self.assertLess(time.monotonic(), end, self.faults.asked)
            time.sleep(0.02)

    def slices(self, ready):
        return made("EndpointSlice", "db-1", metadata={"labels": {"kubernetes.io/service-name": "db"}},
                    endpoints=[{"conditions": {"ready": ready}}])

    def job(self, fingerprint, kind="Complete"):
        labels = {"kollage.dev/task": "keystone-sync", "kollage.dev/fingerprint": fingerprint}
        return made("Job", "sync-" + fingerprint, metadata={"labels": labels},
                    status={"conditions": [{"type": kind, "status": "True", "message": "too often"}]})

    needs = [{"kind": "service", "name": "db/sql", "service": "db"},
             {"kind": "task", "task": "keystone/sync", "fingerprint": "current", "label": "keystone-sync"}]

    def test_it_waits_with_one_watch_for_each_kind_and_tells_by_an_event(self):
        self.faults.put("configmaps", made("ConfigMap", "tasks", data={"keystone__sync": "two"}))
        self.faults.put("jobs", self.job("one"))
        self.faults.put("endpointslices", self.slices(False))
        process = self.launch(needs=self.needs)
        self.wait_for(lambda: self.faults.sent)
        method, path, _, event = self.faults.sent[0]
        self.assertEqual((method, path.rstrip("?")), ("POST", "/api/v1/namespaces/cloud/events"))
        self.assertEqual(json.loads(event["metadata"]["annotations"]["kollage.dev/needs"]), ["db/sql", "task keystone/sync current"])
        self.assertEqual((event["involvedObject"]["name"], event["involvedObject"]["uid"]), ("keystone-api-x", "uid"))
        self.assertIn("db/sql (none of its 1 pods is ready)", event["message"])
        time.sleep(1.5)  # in which one that asks in turns would have asked again
        lasting = [path for path, query, _ in self.faults.asked if "watch" in query]
        self.assertEqual(sorted(lasting), ["configmaps", "endpointslices", "jobs"])
        self.assertEqual(len(self.faults.asked), 6)
        self.faults.objects["endpointslices"] = [self.slices(True)]
        self.faults.put("jobs", self.job("one"), self.job("two"))
        self.assertEqual(process.communicate(timeout=20)[0], "started\n")
        self.assertEqual({token for _, _, token in self.faults.asked}, {"Bearer secret-token"})

    def test_a_service_that_is_ready_is_asked_from_here_too(self):
        self.faults.put("endpointslices", self.slices(True))
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        need = {"kind": "service", "name": "db/sql", "service": "db", "probe": {"type": "tcp", "host": "127.0.0.1", "port": port}}
        process = self.launch(needs=[need])
        self.assertIn("waits for db/sql (connection refused)", process.stderr.readline())
        with socket.create_server(("127.0.0.1", port)):
            self.assertEqual(process.wait(timeout=10), 0)

    def test_a_watch_that_breaks_is_begun_anew_and_misses_nothing(self):
        self.faults.breaks = 3
        self.faults.put("endpointslices", self.slices(False))
        process = self.launch(needs=self.needs[:1])
        self.wait_for(lambda: self.faults.breaks == 0)
        self.faults.put("endpointslices", self.slices(True))
        self.assertEqual(process.communicate(timeout=20)[0], "started\n")

    def test_what_the_server_refuses_is_what_the_operator_reads(self):
        self.faults.refuse = "endpointslices is forbidden"
        code, _, err = self.run_start(needs=self.needs[:1], timeoutSeconds=1)
        self.assertEqual(code, 75)
        self.assertIn("not met: db/sql (the API server refuses: endpointslices is forbidden)", err)

    def test_a_server_that_is_not_there_is_waited_for(self):
        self.faults.server.shutdown()
        self.faults.server.server_close()
        code, _, err = self.run_start(needs=self.needs[:1], timeoutSeconds=1)
        self.assertEqual(code, 75)
        self.assertIn("the API server does not answer: connection refused", err)

    def test_a_task_that_failed_is_said_to_have(self):
        self.faults.put("configmaps", made("ConfigMap", "tasks", data={"keystone__sync": "one"}))
        self.faults.put("jobs", self.job("one", "Failed"))
        code, _, err = self.run_start(needs=self.needs[1:], timeoutSeconds=1)
        self.assertIn("failed with exit code too often", err)

    def test_a_task_publishes_what_it_leaves(self):
        value = self.dir / "value"
        task = {"fingerprint": "f", "outputs": {"key": str(value)}}
        code, _, err = self.run_start(exec=["sh", "-c", "echo 4711 > %s" % value], task=task)
        self.assertEqual(code, 0, err)
        self.assertEqual(self.faults.sent, [
            ("PATCH", "/api/v1/namespaces/cloud/configmaps/outputs?fieldManager=kollage-start",
             "application/merge-patch+json", {"data": {"keystone__api": '{"key": "4711"}'}})])

    def test_an_output_is_filled_in(self):
        self.faults.put("configmaps", made("ConfigMap", "outputs", data={"db__install": '{"port": "3306"}'}))
        self.assertEqual(self.run_start(exec=["echo", "@{output.db/install:port}"])[1], "3306\n")

    def test_it_leaves_with_which_outputs_a_container_is_filled(self):
        self.faults.put("configmaps", made("ConfigMap", "outputs", data={"db__install": '{"port": "3306"}'}))
        store = {"type": "kubernetes", "namespace": "cloud", "tasks": "tasks", "outputs": "outputs",
                 "follows": ["db/install:port", "db/install:other"]}
        needs = [{"kind": "output", "output": "db/install", "key": "port"}]
        code, _, err = self.run_start(store=store, needs=needs)
        self.assertEqual(code, 0, err)
        self.assertEqual(json.loads((self.dir / "told").read_text()), {
            "db/install:port": hashlib.sha256(b"3306").hexdigest()[:20], "db/install:other": None})

    def test_secrets_are_filled_in_as_kollage_does_it(self):
        secrets = self.dir / "secrets"
        secrets.mkdir()
        (secrets / "pass").write_text("a b/'\"é!\n")
        words = ["@{secret.pass%s}" % ("|" + one if one else "") for one in ("", "urlencode", "quote", "b64encode", "json", "tojson")]
        code, out, err = self.run_start(exec=["printf", "%s\\n", *words], secrets=str(secrets))
        self.assertEqual(out.split("\n"), ["a b/'\"é!", "", "a%20b%2F%27%22%C3%A9%21%0A", "'a b/'\"'\"'\"é!", "'",
                                           "YSBiLyciw6khCg==", "a b/'\\\"é!\\n", '"a b/\'\\"é!\\n"', ""], err)
        former = ["echo", "@{secret.pass:former}"]
        self.assertEqual(self.run_start(exec=former, secrets=str(secrets))[1], "a b/'\"é!\n\n")
        (secrets / "pass:former").write_text("old")
        self.assertEqual(self.run_start(exec=former, secrets=str(secrets))[1], "old\n")
        code, _, err = self.run_start(exec=["echo", "@{secret.none}"], secrets=str(secrets))
        self.assertEqual(code, 78)

    def test_a_file_gets_the_mode_that_it_shall_have(self):
        (self.dir / "from").write_text("x")
        target = self.dir / "to"
        self.run_start(fill=[{"source": str(self.dir / "from"), "target": str(target), "mode": "0640"}])
        self.assertEqual(target.stat().st_mode & 0o7777, 0o640)

    def test_a_spec_may_include_what_changes(self):
        (self.dir / "needs.json").write_text(json.dumps({"needs": [{"kind": "endpoint", "name": "x", "probe": {
            "type": "file", "path": str(self.dir / "none")}}], "timeoutSeconds": 0.2}))
        self.assertEqual(self.run_start(include=str(self.dir / "needs.json"))[0], 75)


if __name__ == "__main__":
    unittest.main()
