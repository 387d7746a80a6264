"""The contract and the start program together with real servers: MariaDB, RabbitMQ and memcached in containers."""
import json
import pathlib
import tempfile
import unittest

from container_support import IMAGES, Container, contract_image, run, services_image

PASSWORD = "it's \"a\" \\ pass%word"


def started(test, image, spec, *, options=(), files=None, store=None):
    """A container whose first process is the start program, with `spec` and a store folder of the host."""
    folder = tempfile.TemporaryDirectory()
    test.addCleanup(folder.cleanup)
    path = pathlib.Path(folder.name)
    path.chmod(0o755)
    store = store or path / "store"
    if not store.exists():
        store.mkdir()
        for name in ("tasks", "outputs", "waiting"):
            (store / name).mkdir()
            (store / name).chmod(0o1777)
    (path / "spec.json").write_text(json.dumps({
        "id": "test/it", "instance": "test_it", "node": "host1", "timeoutSeconds": 60, "needs": [],
        "store": {"type": "directory", "path": "/kollage/store"}, **spec}))
    container = Container(test, image, "-I", "-S", "/kollage/start/start", files=files, options=(
        "-v", "%s:/kollage/start:ro" % (IMAGES / "start"), "-v", "%s:/kollage/spec/spec.json:ro" % (path / "spec.json"),
        "-v", "%s:/kollage/store" % store, "--entrypoint", "python3", *options))
    container.store = store
    return container.start()


def need(kind, port):
    return {"kind": "endpoint", "name": kind, "probe": {"type": kind, "host": "127.0.0.1", "port": port}}


def config(command, **sections):
    return {"config.json": json.dumps({"command": command, **sections})}


class StartInAContainer(unittest.TestCase):
    def test_as_first_process_it_hands_over_and_leaves_nothing_behind(self):
        container = started(self, contract_image(), {"exec": ["dumb-init", "--single-child", "--", "kolla_start"]},
                            files=config("sleep infinity"))
        container.await_log("Running command")
        container.shell("until [[ $(cat /proc/*/comm | sort -u | tr '\\n' ' ') == 'bash cat dumb-init sleep sort tr ' ]]; do :; done")
        self.assertEqual(container.shell("cat /proc/1/comm"), "dumb-init\n")

    def test_as_first_process_it_ends_at_sigterm_while_it_waits(self):
        container = started(self, contract_image(), {"exec": ["true"], "needs": [need("mysql", 3306)]})
        container.await_log("waits for mysql (connection refused)")
        run("docker", "stop", "-t", "60", container.id)  # what does not end by itself is killed: 137
        self.assertEqual(container.wait(), 143)

    def test_names_that_do_not_resolve_neither_hold_it_up_nor_keep_it_from_ending(self):
        # A name server that never answers.
        container = started(self, contract_image(), options=("--dns", "192.0.2.77", "--network", "none"), spec={"exec": ["true"], "needs": [
            {"kind": "endpoint", "name": "far/away", "probe": {"type": "tcp", "host": "far.example", "port": 1}}, need("tcp", 1)]})
        container.await_log("tcp (connection refused)")
        run("docker", "kill", "-s", "TERM", container.id)
        self.assertEqual(container.wait(), 143)

    def test_a_user_with_no_rights(self):
        spec = {"exec": ["sh", "-c", "cat /fill/a.conf; id -u"], "fill": [{"source": "/var/lib/kolla/config_files", "target": "/fill"}]}
        options = ("--user", "42425:42425", "--read-only", "--cap-drop", "ALL", "--tmpfs", "/fill:mode=1777")
        container = started(self, contract_image(), spec, options=options, files={"a.conf": "node=@{node.name}\n"})
        self.assertEqual((container.wait(), container.logs()), (0, "node=host1\n42425\n"))
        container = started(self, contract_image(), {**spec, "task": {"fingerprint": "ab"}}, options=options, files={"a.conf": ""})
        self.assertEqual(container.wait(), 0)
        self.assertEqual(json.loads((container.store / "tasks/test__it/ab.json").read_text())["state"], "done")
        again = started(self, contract_image(), {**spec, "task": {"fingerprint": "ab"}}, store=container.store, files={"a.conf": ""})
        self.assertEqual((again.wait(), again.logs()), (0, "kollage-start: test/it ab is done already\n"), "root sees it too")

    def test_a_store_that_is_closed_to_the_user(self):
        with tempfile.TemporaryDirectory() as folder:
            store = pathlib.Path(folder)
            store.chmod(0o755)
            container = started(self, contract_image(), {"exec": ["true"], "task": {"fingerprint": "ab"}}, options=("--user", "42425"), store=store)
            self.assertEqual(container.wait(), 73)
            self.assertIn("user 42425 cannot write the record of task test/it to the store /kollage/store: permission denied", container.logs())
            container = started(self, contract_image(), {"exec": ["true"], "needs": [{"kind": "endpoint", "name": "here", "probe": {
                "type": "file", "path": "/"}}]}, options=("--user", "42425"), store=store)
            self.assertEqual(container.wait(), 0)
            self.assertIn("warning: cannot tell the store", container.logs())

    def test_two_users_share_a_task_and_its_lock(self):
        spec = {"exec": ["sh", "-c", "exit 1"], "task": {"fingerprint": "ab"}}
        first = started(self, contract_image(), spec, options=("--user", "42425"))
        self.assertEqual(first.wait(), 1)
        second = started(self, contract_image(), {**spec, "exec": ["true"]}, options=("--user", "0"), store=first.store)
        self.assertEqual(second.wait(), 0, second.logs())


class Services(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.image = services_image()

    def waits(self, server, *needs):
        """Runs the start program in the server's network until its needs are met; gives what it said."""
        container = started(self, self.image, {"exec": ["true"], "needs": list(needs)}, options=("--network", "container:" + server.id))
        self.assertEqual(container.wait(), 0, container.logs())
        return container.logs()

    def stops(self, container):
        """It ends at SIGTERM by itself: what does not is killed, and ends with 137."""
        run("docker", "stop", "-t", "60", container.id)
        self.assertEqual(container.wait(), 0)

    def test_mariadb(self):
        volume = run("docker", "volume", "create", "--label", "kollage.test=contract").stdout.strip()
        self.addCleanup(run, "docker", "volume", "rm", volume)
        options = ("-v", volume + ":/var/lib/mysql", "-e", "DB_ROOT_PASSWORD=" + PASSWORD, "-v", "/var/log/kolla")
        files = config("mariadbd --user=mysql --bind-address=0.0.0.0", permissions=[
            {"path": "/var/lib/mysql", "owner": "mysql:mysql", "recurse": True}])
        script = "cp /extend-mariadb /usr/local/bin/kolla_extend_start; exec kolla_start"
        bootstrap = Container(self, self.image, "bash", "-c", script, options=(*options, "-e", "KOLLA_BOOTSTRAP="), files=files).start()
        self.assertEqual(bootstrap.wait(), 0, bootstrap.logs())
        self.assertNotIn("pass%word", bootstrap.logs())
        again = Container(self, self.image, "bash", "-c", script, options=(*options, "-e", "KOLLA_BOOTSTRAP="), files=files).start()
        self.assertEqual(again.wait(), 0, again.logs())
        server = Container(self, self.image, "bash", "-c", script, options=options, files=files).start()
        self.waits(server, need("mysql", 3306))
        query = "mariadb --host=%s --skip-ssl --user=root --batch --skip-column-names -e '%s'"
        for host in ("127.0.0.1", "localhost"):
            out = server.exec("bash", "-c", query % (host, "select concat(User, \"@\", Host) from mysql.global_priv order by 1; show databases"),
                              options=("-e", "MYSQL_PWD=" + PASSWORD))
            self.assertEqual(out.stdout.split(), ["mariadb.sys@localhost", "root@%", "root@localhost", "information_schema", "mysql", "performance_schema", "sys"], out.stderr)
            wrong = server.exec("bash", "-c", query % (host, "select 1"), options=("-e", "MYSQL_PWD=wrong"))
            self.assertIn("Access denied", wrong.stderr)
        upgrade = Container(self, self.image, "bash", "-c", script, files=files, options=(
            *options, "-e", "KOLLA_UPGRADE=", "-e", "DB_HOST=127.0.0.1", "-e", "DB_PORT=3306", "--network", "container:" + server.id)).start()
        self.assertEqual(upgrade.wait(), 0, upgrade.logs())
        self.stops(server)

    def test_mariadb_too_many_connections(self):
        container = Container(self, self.image, "bash", "-c", "install -d -o mysql /run/mysqld; mariadb-install-db --user=mysql --skip-test-db >/dev/null && exec mariadbd "
                              "--user=mysql --bind-address=0.0.0.0 --max-connections=10 --skip-grant-tables --skip-networking=0").start()
        self.waits(container, need("mysql", 3306))
        # 10 and one more that is kept for an administrator; clients that were too late try again, so that it stays full.
        container.shell("for i in {1..14}; do (until mariadb -e 'select sleep(60)' >/dev/null 2>&1; do :; done) & done; "
                        "until [[ $(mariadb -e 'select 1' 2>&1; mariadb -e 'select 1' 2>&1) == *Too\\ many*Too\\ many* ]]; do :; done")
        late = started(self, self.image, {"exec": ["true"], "needs": [need("mysql", 3306)], "timeoutSeconds": 1},
                       options=("--network", "container:" + container.id))
        self.assertEqual(late.wait(), 75)
        self.assertIn("mysql (MySQL error 1040: Too many connections)", late.logs())

    def test_rabbitmq(self):
        files = config("/usr/sbin/rabbitmq-server")
        volume = run("docker", "volume", "create", "--label", "kollage.test=contract").stdout.strip()
        self.addCleanup(run, "docker", "volume", "rm", volume)
        options = ("-v", volume + ":/var/lib/rabbitmq", "--hostname", "broker")
        bootstrap = Container(self, self.image, options=(*options, "-e", "KOLLA_BOOTSTRAP=", "-e", "RABBITMQ_CLUSTER_COOKIE=oven"), files=files)
        for _ in range(2):
            self.assertEqual(bootstrap.start().wait(), 0, bootstrap.logs())
        for user in ("root", "rabbitmq"):
            server = Container(self, self.image, options=(*options, "--user", user), files=files).start()
            self.waits(server, need("amqp", 5672))
            self.assertEqual(server.shell("cat /var/lib/rabbitmq/.erlang.cookie; stat -c '%U %a' /var/lib/rabbitmq/.erlang.cookie"), "oven\nrabbitmq 400\n")
            self.assertEqual(server.shell("stat -c %U /proc/$(pidof beam.smp)"), "rabbitmq\n")
            self.stops(server)

    def test_memcached(self):
        server = Container(self, self.image, files=config("memcached -u memcache -l 0.0.0.0 -p 11211"), options=(
            "-e", "KOLLA_SKIP_EXTEND_START=")).start()
        self.waits(server, need("memcached", 11211))
        self.stops(server)


if __name__ == "__main__":
    unittest.main()
