"""kolla_start and kolla_set_configs as root, in a real container, with configurations as kolla-ansible writes them."""
import json
import unittest

from container_support import Container, contract_image, run

SOURCE = "/var/lib/kolla/config_files/"
LIST = r"find %s -mindepth 1 -printf '%%P %%M %%u:%%g\n' | LC_ALL=C sort"


def entry(source, dest, owner="keystone", perm="0600", **more):
    return {"source": SOURCE + source, "dest": dest, "owner": owner, "perm": perm, **more}


class Case(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.image = contract_image()

    def idle(self, files, *options):
        """A container that does nothing, for steps one after the other."""
        return Container(self, self.image, "sleep", "infinity", options=("--init", *options), files=files).start()

    def configure(self, container, check=False, strategy="COPY_ALWAYS"):
        """(exit code, what it said) of a run of kolla_set_configs."""
        result = container.exec("kolla_set_configs", *(["--check"] if check else []), options=("-e", "KOLLA_CONFIG_STRATEGY=" + strategy))
        self.assertNotIn("Traceback", result.stderr)
        return result.returncode, result.stderr


def config(command="true", **sections):
    return {"config.json": json.dumps({"command": command, **sections})}


class SetConfigs(Case):
    """Each case: what the sources are, the sections, what is there before, a folder, and what it must hold after."""
    cases = {
        "one file, its folders made": (
            {"a.conf": "x"}, {"config_files": [entry("a.conf", "/t/etc/deep/a.conf")]}, "",
            ["etc drwxr-xr-x root:root", "etc/deep drwxr-xr-x root:root", "etc/deep/a.conf -rw------- keystone:keystone"]),
        "into a folder, with a group of its own": (
            {"a.conf": "x"}, {"config_files": [entry("a.conf", "/t/", "root:nova", "0440")]}, "",
            ["a.conf -r--r----- root:nova"]),
        "an executable and a file with three digits and with 0o": (
            {"a": "", "b": "", "c": ""},
            {"config_files": [entry("a", "/t/a", perm="0755"), entry("b", "/t/b", perm="640"), entry("c", "/t/c", perm="0o2755")]}, "",
            ["a -rwxr-xr-x keystone:keystone", "b -rw-r----- keystone:keystone", "c -rwxr-sr-x keystone:keystone"]),
        "a pattern": (
            {"x.pem": "", "y.pem": "", "z.key": ""}, {"config_files": [entry("*.pem", "/t/")]}, "",
            ["x.pem -rw------- keystone:keystone", "y.pem -rw------- keystone:keystone"]),
        "optional and not there": ({}, {"config_files": [entry("none", "/t/none", "nemo", optional=True)]}, "", []),
        "a pattern, optional, without a match": ({}, {"config_files": [entry("*.none", "/t/", optional=True)]}, "", []),
        "a folder replaces what was there": (
            {"d/a": "", "d/sub/b": ""}, {"config_files": [entry("d", "/t/d")]}, "mkdir -p /t/d/old && touch /t/d/old/x /t/d/a",
            ["d drwx------ keystone:keystone", "d/a -rw------- keystone:keystone", "d/sub drwx------ keystone:keystone",
             "d/sub/b -rw------- keystone:keystone"]),
        "a folder is merged": (
            {"d/a": "new", "d/sub/b": ""}, {"config_files": [entry("d", "/t/d", merge=True)]},
            "mkdir -p /t/d/sub && touch /t/d/old /t/d/sub/c",
            ["d drwx------ keystone:keystone", "d/a -rw------- keystone:keystone", "d/old -rw-r--r-- root:root",
             "d/sub drwx------ keystone:keystone", "d/sub/b -rw------- keystone:keystone", "d/sub/c -rw-r--r-- root:root"]),
        "two folders merged into one": (
            {"d/a": "", "e/b": ""}, {"config_files": [entry("d", "/t/x", merge=True), entry("e", "/t/x", merge=True)]}, "",
            ["x drwx------ keystone:keystone", "x/a -rw------- keystone:keystone", "x/b -rw------- keystone:keystone"]),
        "a file replaces a folder, and a folder a file": (
            {"a": "", "d/b": ""}, {"config_files": [entry("a", "/t/a"), entry("d", "/t/d")]}, "mkdir -p /t/a/x && touch /t/d",
            ["a -rw------- keystone:keystone", "d drwx------ keystone:keystone", "d/b -rw------- keystone:keystone"]),
        "a link is replaced, not written through": (
            {"a": "x"}, {"config_files": [entry("a", "/t/a")]}, "mkdir /t && touch /tmp/kept && ln -s /tmp/kept /t/a",
            ["a -rw------- keystone:keystone"]),
        "excluded": (
            {"d/a": "", "d/b.bak": "", "d/.git/x": ""}, {"config_files": [entry("d", "/t/d", exclude=[r"\.bak$", r"/\.git"])]}, "",
            ["d drwx------ keystone:keystone", "d/a -rw------- keystone:keystone"]),
        "properties preserved": (
            {}, {"config_files": [{"source": "/src", "dest": "/t/d", "preserve_properties": True}]},
            "mkdir -m 2750 /src && touch /src/a && chmod 604 /src/a && chown nova:kolla /src /src/a && chmod 2750 /src",
            ["d drwxr-s--- nova:kolla", "d/a -rw----r-- nova:kolla"]),
        "links: followed, kept when merged and preserved, left out when they dangle": (
            {}, {"config_files": [
                {"source": "/src", "dest": "/t/d", "preserve_properties": True, "ignore_dangling": True},
                {"source": "/src", "dest": "/t/m", "preserve_properties": True, "merge": True}]},
            "mkdir /src && touch /src/a && ln -s a /src/l && ln -s none /src/dead",
            ["d drwxr-xr-x root:root", "d/a -rw-r--r-- root:root", "d/l -rw-r--r-- root:root", "m drwxr-xr-x root:root",
             "m/a -rw-r--r-- root:root", "m/dead lrwxrwxrwx root:root", "m/l lrwxrwxrwx root:root"]),
        "directories and files": (
            {}, {"directories": [{"path": "/t/log", "owner": "fluentd:kolla", "perm": "2775"},
                                 {"path": "/t/log/keystone", "owner": "keystone:kolla", "perm": "0644"}],
                 "files": [{"path": "/t/log/keystone/k.log", "owner": "keystone:kolla", "perm": "0664"}]}, "",
            ["log drwxrwsr-x fluentd:kolla", "log/keystone drwxr-xr-x keystone:kolla", "log/keystone/k.log -rw-rw-r-- keystone:kolla"]),
        "permissions, one by one": (
            {}, {"permissions": [{"path": "/t/*.log", "owner": "nova:kolla", "perm": "0664"}, {"path": "/t/none", "owner": "nova"}]},
            "mkdir /t && touch /t/a.log /t/b.txt",
            ["a.log -rw-rw-r-- nova:kolla", "b.txt -rw-r--r-- root:root"]),
        "permissions, recursively, modes kept, some excluded": (
            {}, {"permissions": [{"path": "/t/lib", "owner": "nova:nova", "recurse": True, "exclude": ["/snapshot", r"\.lock$"]}]},
            "mkdir -p /t/lib/in /t/lib/snapshots && touch /t/lib/in/a /t/lib/in/b.lock && chmod 640 /t/lib/in/a",
            ["lib drwxr-xr-x nova:nova", "lib/in drwxr-xr-x nova:nova", "lib/in/a -rw-r----- nova:nova",
             "lib/in/b.lock -rw-r--r-- root:root", "lib/snapshots drwxr-xr-x root:root"]),
        "permissions do not follow a link that a service may have laid": (
            {}, {"permissions": [{"path": "/t/lib", "owner": "nova", "recurse": True}, {"path": "/t/*.log", "owner": "nova"}]},
            "mkdir -p /t/lib /t/other && ln -s ../other /t/lib/l && ln -s other /t/x.log",
            ["lib drwxr-xr-x nova:nova", "lib/l lrwxrwxrwx root:root", "other drwxr-xr-x root:root", "x.log lrwxrwxrwx root:root"]),
    }

    def test_cases(self):
        for name, (files, sections, before, expected) in self.cases.items():
            with self.subTest(name):
                container = self.idle({**files, **config(**sections)})
                container.shell(before or "true")
                self.assertEqual(self.configure(container)[0], 0)
                self.assertEqual(container.shell("mkdir -p /t && " + LIST % "/t").splitlines(), expected)
                self.assertEqual(self.configure(container, check=True)[0], 0, "a check right after it")
                self.assertEqual(self.configure(container)[0], 0, "a second start")
                self.assertEqual(container.shell(LIST % "/t").splitlines(), expected, "after a second start")

    def test_refusals(self):
        for sections, text in (
                ({"config_files": [entry("none", "/t/a")]}, "the source %snone does not exist" % SOURCE),
                ({"config_files": [entry("a", "/t/a", "nemo")]}, "there is no user nemo"),
                ({"config_files": [entry("a", "/t/a", "nova:nemo")]}, "there is no group nemo"),
                ({"config_files": [entry("a", "/t/a", mode="0600")]}, "config_files[0]: unknown key: mode"),
                ({"config_files": [entry("dead", "/t/a")]}, "is a link to nothing"),
                ({"files": [{"path": "/t/none/x", "owner": "nova", "perm": "0644"}]}, "the directory of /t/none/x does not exist"),
                ({"files": [{"path": "/etc", "owner": "nova", "perm": "0644"}]}, "/etc is there, but is not a regular file"),
                ({"files": [{"path": "/bin/sh", "owner": "nova", "perm": "0644"}]}, "/bin/sh is there, but is not a regular file"),
                ({"directories": [{"path": "/etc/passwd/x", "owner": "nova", "perm": "0644"}]}, "cannot create the directory"),
                ({"permissions": [{"path": "/etc", "owner": "nemo"}]}, "there is no user nemo")):
            with self.subTest(text):
                container = self.idle({"a": "x", **config(**sections)})
                (container.config / "dead").symlink_to("none")
                code, said = self.configure(container)
                self.assertEqual(code, 1)
                self.assertIn(text, said)

    def test_broken_configurations(self):
        for files, text in (({}, "No such file"), ({"config.json": "{"}, "cannot read"), ({"config.yaml": ""}, "not a mapping"),
                            ({"config.yaml": "a: ["}, "cannot read"), (config(files=3), "files is not a list")):
            with self.subTest(text):
                code, said = self.configure(self.idle(files))
                self.assertEqual(code, 1)
                self.assertIn(text, said)
        self.assertIn("must be COPY_ALWAYS or COPY_ONCE", self.configure(self.idle(config()), strategy="")[1])

    def test_yaml_goes_before_json(self):
        container = self.idle({"a": "x", **config("json"), "config.yaml":
                               "command: yaml\nconfig_files:\n- {source: %sa, dest: /t/a, owner: nova, perm: '0600'}\n" % SOURCE})
        self.assertEqual(self.configure(container)[0], 0)
        self.assertEqual(container.shell("cat /run_command; stat -c ' %U %a' /t/a /run_command"), "yaml nova 600\n root 644\n")

    def test_check_tells_every_difference(self):
        container = self.idle({"a": "1", "d/b": "1", **config("x", config_files=[
            entry("a", "/t/a", "nova", "0640"), entry("d", "/t/d", "nova", "0600")])})
        code, said = self.configure(container, check=True)
        self.assertEqual(code, 1)
        self.assertIn("no command has been set; /t/a does not exist; /t/d does not exist", said)
        self.configure(container)
        self.assertEqual(self.configure(container, check=True)[0], 0)
        container.shell("chmod 600 /t/a; chown root /t/d/b; chmod 777 /t/d")
        container.put({"d/b": "2", **config("y", config_files=[entry("a", "/t/a", "nova", "0640"), entry("d", "/t/d", "nova", "0600")])})
        code, said = self.configure(container, check=True)
        self.assertEqual(code, 1)
        for text in ("the command is 'x', not 'y'", "/t/a has mode 0600, not 0640", "/t/d/b has other content than %sd/b" % SOURCE,
                     "/t/d/b belongs to 0:42436, not 42436:42436", "/t/d has mode 0777, not 0700"):
            self.assertIn(text, said)
        self.assertEqual(container.shell("cat /t/d/b /run_command"), "1x", "a check changes nothing")

    def test_defaults_are_put_back(self):
        both = [entry("a", "/etc/issue"), entry("b", "/etc/added")]
        container = self.idle({"a": "mine", "b": "mine", **config(config_files=both)})
        original = container.shell("cat /etc/issue; stat -c %a /etc/issue")
        for _ in range(3):
            self.assertEqual(self.configure(container)[0], 0)
            self.assertEqual(container.shell("cat /etc/issue /etc/added"), "minemine")
        state = json.loads(container.shell("cat /etc/kolla/defaults/state"))
        self.assertEqual(state, {
            "/etc/issue": {"source": "/etc/issue", "preserve_properties": True, "dest": "/etc/kolla/defaults/etc/issue"},
            "/etc/added": {"source": "/etc/added", "preserve_properties": True, "dest": None}})
        container.put(config())
        self.assertIn("/etc/added is no longer configured; /etc/issue is no longer configured", self.configure(container, check=True)[1])
        self.assertEqual(self.configure(container)[0], 0)
        self.assertEqual(container.shell("cat /etc/issue; stat -c %a /etc/issue; ls /etc/added 2>&1 || true"),
                         original + "ls: cannot access '/etc/added': No such file or directory\n")
        self.assertEqual(self.configure(container, check=True)[0], 0, "and is forgotten")

    def test_an_optional_file_that_goes_away(self):
        container = self.idle({"a": "mine", **config(config_files=[entry("a", "/etc/issue", optional=True)])})
        self.configure(container)
        container.put({"a": None})
        self.assertEqual(self.configure(container, check=True)[0], 1)
        self.configure(container)
        self.assertIn("Debian", container.shell("cat /etc/issue"))
        self.assertEqual(self.configure(container, check=True)[0], 0)

    def test_copy_once(self):
        container = self.idle({"a": "1", **config("first", config_files=[entry("a", "/t/a")])})
        self.assertEqual(self.configure(container, strategy="COPY_ONCE")[0], 0)
        container.put({"a": "2", **config("second", config_files=[entry("a", "/t/a")])})
        code, said = self.configure(container, strategy="COPY_ONCE")
        self.assertEqual(code, 0)
        self.assertIn("nothing is changed", said)
        self.assertEqual(container.shell("cat /t/a /run_command"), "1first")
        self.configure(container, strategy="COPY_ALWAYS")
        self.assertEqual(container.shell("cat /t/a /run_command"), "2second")

    def test_a_destination_that_is_a_mount(self):
        files = {"a": "new", "d/b": "x", **config(config_files=[entry("a", "/etc/hostname"), entry("d", "/mnt")])}
        container = self.idle(files, "-v", "/mnt")
        container.shell("touch /mnt/old")
        self.assertEqual(self.configure(container)[0], 0)
        self.assertEqual(container.shell("cat /etc/hostname; stat -c ' %U %a' /etc/hostname; ls /mnt"), "new keystone 600\nb\n")

    def test_no_reader_sees_half_a_file(self):
        container = self.idle({"a": "x" * 1000000, **config(config_files=[entry("a", "/t/a", perm="0644")])})
        self.configure(container)
        container.shell("(while :; do stat -c %s /t/a; done > /sizes 2>&1) & echo $! > /pid")
        for _ in range(3):
            self.configure(container)
        self.assertEqual(container.shell("kill $(cat /pid); sort -u /sizes"), "1000000\n")


class Start(Case):
    def test_the_command_replaces_everything(self):
        container = Container(self, self.image, files={"a": "x", **config(
            "stat -c %n:%U:%a /t/a /proc/self/exe", config_files=[entry("a", "/t/a")])}).start()
        self.assertEqual(container.wait(), 0)
        self.assertIn("/t/a:keystone:600\n", container.logs())
        self.assertIn("Running command: 'stat -c %n:%U:%a /t/a /proc/self/exe'", container.logs())
        container = Container(self, self.image, files=config("sleep infinity")).start()
        container.await_log("Running command")
        container.shell("until [[ $(cat /proc/*/comm | sort -u | tr '\\n' ' ') == 'bash cat dumb-init sleep sort tr ' ]]; do :; done")
        run("docker", "kill", "-s", "TERM", container.id)  # by a shell inside, that would be killed with it
        self.assertEqual(container.wait(), 143)

    def test_as_a_service_user(self):
        files = {"a": "x", **config("id -un", config_files=[entry("a", "/etc/secret", "root")])}
        container = Container(self, self.image, files=files, options=("--user", "keystone")).start()
        self.assertEqual(container.wait(), 0, container.logs())
        self.assertIn("'id -un'\nkeystone\n", container.logs())
        for options, said in ((("--user", "daemon"), "a password is required"), (("--user", "keystone", "--security-opt", "no-new-privileges"), "")):
            container = Container(self, self.image, files=files, options=options).start()
            self.assertNotEqual(container.wait(), 0, "who may not write there")
            self.assertIn(said, container.logs())

    def test_the_environment_cannot_be_used_to_become_root(self):
        container = Container(self, self.image, "bash", "-c", "echo 'open(\"/tmp/evil\",\"w\")' > /tmp/json.py; cd /tmp; "
                              "PYTHONPATH=/tmp PYTHONSTARTUP=/tmp/json.py kolla_start; ls /tmp/evil",
                              files=config("true"), options=("--user", "keystone")).start()
        self.assertEqual(container.wait(), 2)

    def test_a_refused_configuration_stops_the_start(self):
        container = Container(self, self.image, files={"config.json": "{}"}).start()
        self.assertEqual(container.wait(), 1)
        self.assertIn("the configuration has no command", container.logs())

    def test_extend_start(self):
        container = self.idle(config("echo command"))
        container.shell("echo 'echo extended; ARGS=\"--one two\"' > /usr/local/bin/kolla_extend_start")
        self.assertIn("extended\nRunning command: 'echo command --one two'\ncommand --one two\n", container.shell("kolla_start"))
        self.assertNotIn("extended", container.shell("kolla_start", options=("-e", "KOLLA_SKIP_EXTEND_START=")))

    def test_jobs_of_the_images(self):
        """Every extend file with the services' tools replaced by ones that say how, and as whom, they were called."""
        tools = ("keystone-manage glance-manage placement-manage nova-manage nova-status neutron-db-manage heat-manage "
                 "cinder-manage magnum-db-manage")
        for image, variables, expected in (
                ("keystone", "KOLLA_BOOTSTRAP=", ["keystone keystone-manage db_sync"]),
                ("keystone", "KOLLA_BOOTSTRAP= EXTRA_KEYSTONE_MANAGE_ARGS=--debug", ["keystone keystone-manage --debug db_sync"]),
                ("keystone", "KOLLA_UPGRADE=", ["keystone keystone-manage db_sync --expand", "keystone keystone-manage db_sync --migrate"]),
                ("keystone", "KOLLA_FINISH_UPGRADE=", ["keystone keystone-manage db_sync --contract"]),
                ("keystone", "A=", ["ran"]),
                ("glance-api", "KOLLA_BOOTSTRAP=", ["glance glance-manage db_sync", "glance glance-manage db_load_metadefs"]),
                ("glance-api", "KOLLA_UPGRADE= GLANCE_DB_EXPAND= GLANCE_DB_MIGRATE=", [
                    "glance glance-manage db expand", "glance glance-manage db migrate"]),
                ("glance-api", "KOLLA_UPGRADE= GLANCE_DB_CONTRACT=", ["glance glance-manage db contract"]),
                ("placement-api", "KOLLA_BOOTSTRAP=", [
                    "placement placement-manage db sync", "placement placement-manage db online_data_migrations"]),
                ("placement-api", "KOLLA_UPGRADE=", ["placement placement-manage db sync"]),
                ("placement-api", "KOLLA_OSM=", ["placement placement-manage db online_data_migrations"]),
                ("nova-api", "KOLLA_BOOTSTRAP=", ["nova nova-manage api_db sync", "nova nova-manage db sync --local_cell",
                                                  "nova nova-manage db online_data_migrations"]),
                ("nova-api", "KOLLA_UPGRADE=1", ["nova nova-manage api_db sync", "nova nova-manage db sync --local_cell"]),
                ("nova-api", "KOLLA_OSM=", ["nova nova-manage db online_data_migrations"]),
                ("nova-api", "KOLLA_UPGRADE_CHECK=", ["nova nova-status upgrade check"]),
                ("nova-conductor", "KOLLA_BOOTSTRAP=", ["nova nova-manage db sync --local_cell", "nova nova-manage db online_data_migrations"]),
                ("nova-conductor", "KOLLA_UPGRADE=", ["nova nova-manage db sync --local_cell"]),
                ("nova-conductor", "KOLLA_OSM=", ["nova nova-manage db online_data_migrations"]),
                ("neutron-server", "KOLLA_BOOTSTRAP= NEUTRON_BOOTSTRAP_SERVICES=neutron-vpnaas", [
                    "neutron neutron-db-manage --subproject neutron upgrade head",
                    "neutron neutron-db-manage --subproject neutron-vpnaas upgrade head"]),
                ("neutron-server", "KOLLA_UPGRADE= NEUTRON_DB_EXPAND= NEUTRON_ROLLING_UPGRADE_SERVICES=neutron-vpnaas", [
                    "neutron neutron-db-manage --subproject neutron upgrade --expand",
                    "neutron neutron-db-manage --subproject neutron-vpnaas upgrade --expand"]),
                ("neutron-server", "KOLLA_UPGRADE= NEUTRON_DB_CONTRACT=", ["neutron neutron-db-manage --subproject neutron upgrade --contract"]),
                ("heat-api", "KOLLA_BOOTSTRAP= HEAT_DOMAIN_ADMIN_PASSWORD=p", [
                    "heat heat-manage db_sync", "root openstack domain list -f value -c Name", "root openstack domain create heat_user_domain",
                    "root openstack user create --domain heat_user_domain heat_domain_admin --password p",
                    "root openstack role add --domain heat_user_domain --user-domain heat_user_domain --user heat_domain_admin admin"]),
                ("cinder-api", "KOLLA_BOOTSTRAP=", ["cinder cinder-manage db sync"]),
                ("cinder-api", "KOLLA_OSM=", ["cinder cinder-manage db online_data_migrations"])):
            with self.subTest(image + " " + variables):
                container = self.idle(config("echo ran"))
                container.shell("printf '#!/bin/sh\\necho $(id -un) ${0##*/} \"$@\" | tee -a /calls >&2\\n' > /usr/bin/openstack; chmod 755 "
                                "/usr/bin/openstack; touch /calls; chmod 666 /calls; for tool in %s; do cp /usr/bin/openstack /usr/bin/$tool; done; "
                                "/tmp/contract/install %s" % (tools, image))
                out = container.shell("env %s kolla_start" % variables)
                calls = container.shell("cat /calls").splitlines()
                self.assertEqual(calls or out.splitlines()[-1:], expected)

    def test_horizon_shows_plugins_and_makes_its_assets_once(self):
        container = self.idle(config("echo ran"))
        container.shell(
            "/tmp/contract/install horizon; p=/p/openstack_dashboard/local/enabled; mkdir -p $p /p/heat_dashboard/enabled /p/manila_ui/local/enabled; "
            "touch $p/_10_own.py $p/_90_manila.py /p/heat_dashboard/enabled/_16_heat.py /p/heat_dashboard/enabled/__init__.py "
            "/p/manila_ui/local/enabled/_90_manila.py; echo 'import sys; print(*sys.argv[1:], file=open(\"/calls\", \"a\"))' > /manage.py; "
            "touch /calls; chmod 666 /calls")
        start = ("env HORIZON_PACKAGES=/p HORIZON_MANAGE=/manage.py HORIZON_STAMP=/stamp %s kolla_start >/dev/null 2>&1; "
                 "ls /p/openstack_dashboard/local/enabled; cat /calls; : > /calls")
        own = "_10_own.py\n"
        assets = "collectstatic --noinput --clear\ncompress --force\n"
        for variables, expected in (
                ("HORIZON_STAMP_ONLY=", own + "_90_manila.py\n"), ("A=", own + "_90_manila.py\n"),
                ("ENABLE_HEAT=yes ENABLE_MANILA=no", own + "_16_heat.py\n" + assets), ("ENABLE_HEAT=yes", own + "_16_heat.py\n"),
                ("KOLLA_BOOTSTRAP=", own + "_16_heat.py\nmigrate --noinput\n"), ("ENABLE_HEAT=no", own + assets)):
            with self.subTest(variables):
                self.assertEqual(container.shell(start % variables), expected)

    def test_arguments_of_a_first_galera_member(self):
        container = self.idle(config("echo mariadbd"))
        container.shell("/tmp/contract/install mariadb-server")
        self.assertIn("\nmariadbd --wsrep-new-cluster\n", container.shell("BOOTSTRAP_ARGS=--wsrep-new-cluster kolla_start"))

    def test_open_vswitch_is_asked_to_exit(self):
        container = self.idle(config())
        container.shell("/tmp/contract/install openvswitch-vswitchd; printf '#!/bin/sh\\necho $* >> /calls; kill $(cat /pid)\\n' > "
                        "/usr/bin/ovs-appctl; printf '#!/bin/sh\\necho $$ > /pid; exec sleep infinity\\n' > /usr/bin/ovs-vswitchd; chmod 755 /usr/bin/ovs-*")
        self.assertEqual(container.shell(
            "ovs_wrapper /usr/bin/ovs-vswitchd unix:x & wrapper=$!; until [[ -s /pid ]] && [[ $(ps -o comm= $(cat /pid) 2>/dev/null || cat "
            "/proc/$(cat /pid)/comm) == sleep ]]; do :; done; kill $wrapper; wait $wrapper; echo $?; cat /calls | sed s/$(cat /pid)/PID/"),
            "0\n-T1 -t /run/openvswitch/ovs-vswitchd.PID.ctl exit\n")

    def test_a_job_that_fails_fails_the_container(self):
        for image, variable in (("keystone", "KOLLA_UPGRADE"), ("nova-api", "KOLLA_BOOTSTRAP"), ("nova-api", "KOLLA_UPGRADE_CHECK")):
            with self.subTest(variable):
                container = self.idle(config("echo ran"))
                container.shell("/tmp/contract/install %s; printf '#!/bin/sh\\nexit 2\\n' > /usr/bin/keystone-manage; chmod 755 "
                                "/usr/bin/keystone-manage; cp /usr/bin/keystone-manage /usr/bin/nova-manage; cp /usr/bin/keystone-manage "
                                "/usr/bin/nova-status" % image)
                result = container.exec("env", variable + "=", "kolla_start")
                self.assertEqual(result.returncode, 2)
                self.assertNotIn("ran", result.stdout)

    def test_certificates_of_the_operator(self):
        container = self.idle(config("true"))
        container.shell("openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=kollage-test-ca -days 2 -keyout /dev/null -out /ca.pem 2>/dev/null; "
                        "mkdir -p /var/lib/kolla/share/ca-certificates; cp /ca.pem /var/lib/kolla/share/ca-certificates/mine.crt")
        verify = "openssl verify -CApath /etc/ssl/certs /ca.pem >/dev/null 2>&1 && echo trusted || echo not"
        self.assertEqual(container.shell(verify), "not\n")
        self.assertIn("1 added, 0 removed", container.shell("kolla_start 2>&1"))
        self.assertEqual(container.shell(verify), "trusted\n")
        self.assertNotIn("added", container.shell("kolla_start 2>&1"), "a second start does no work")
        container.shell("rm /var/lib/kolla/share/ca-certificates/mine.crt")
        container.shell("kolla_start")
        self.assertEqual(container.shell(verify), "not\n")


class AsKollaAnsibleWritesThem(Case):
    """config.json files of the shapes that kolla-ansible's roles render, with all the fields that any of them uses."""

    def test_roles(self):
        log = {"path": "/var/log/kolla", "owner": "fluentd:kolla", "perm": "2775"}

        def own(service, user):
            return [log, {"path": "/var/log/kolla/" + service, "owner": user + ":kolla", "perm": "2775"}]

        def logs(service, user):
            return {"path": "/var/log/kolla/%s/*.log" % service, "owner": user + ":kolla", "perm": "0664"}
        authority = entry("ca-certificates", "/var/lib/kolla/share/ca-certificates", "root", "0644")
        roles = {
            "keystone": {"config_files": [
                entry("keystone.conf", "/etc/keystone/keystone.conf"),
                entry("domains", "/etc/keystone/domains", perm="0700", merge=True, optional=True),
                entry("metadata", "/etc/apache2/metadata", "www-data:www-data", merge=True), authority],
                "directories": own("keystone", "keystone"),
                "permissions": [logs("keystone", "keystone"), {"path": "/etc/keystone/fernet-keys", "owner": "keystone:keystone", "perm": "0770"},
                                {"path": "/etc/apache2/metadata", "owner": "www-data:www-data", "perm": "0700"}]},
            "mariadb": {"config_files": [
                entry("galera.cnf", "/etc/mysql/my.cnf", "mysql"), entry("wsrep-notify.sh", "/usr/local/bin/wsrep-notify.sh", "mysql", "0755")],
                "directories": own("mariadb", "mysql"),
                "permissions": [logs("mariadb", "mysql"), {"path": "/var/lib/mysql", "owner": "mysql:mysql", "recurse": True}]},
            "nova-libvirt": {"config_files": [
                entry("qemu.conf", "/etc/libvirt/qemu.conf", "root"), entry("secrets", "/etc/libvirt/secrets", "root", merge=True),
                entry("serverkey.pem", "/etc/pki/libvirt-spice/server-key.pem", "root:nova", "0440")],
                "directories": own("libvirt", "root"), "permissions": [logs("libvirt", "root")],
                "files": [{"path": "/var/log/kolla/libvirt/libvirtd.log", "owner": "root:kolla", "perm": "0664"}]},
            "cinder-volume": {"config_files": [
                entry("cinder.conf", "/etc/cinder/cinder.conf", "cinder"),
                {"source": SOURCE + "nfs_shares", "dest": "/etc/cinder/nfs_shares", "owner": "cinder", "perm": "0600", "optional": True},
                {"source": SOURCE + "ceph", "dest": "/etc/ceph", "preserve_properties": True, "optional": True}],
                "permissions": [{"path": "/var/lib/cinder", "owner": "cinder:cinder", "recurse": True}]},
            "haproxy": {"config_files": [
                entry("haproxy_run.sh", "/etc/haproxy/haproxy_run.sh", "root", "0700"), entry("services.d/", "/etc/haproxy/services.d", "root", "0700"),
                entry("*.pem", "/etc/haproxy/certificates/", "root", optional=True)]},
        }
        sources = {name: "x" for name in (
            "keystone.conf", "metadata/a", "galera.cnf", "wsrep-notify.sh", "qemu.conf", "secrets/s.xml", "serverkey.pem", "cinder.conf",
            "haproxy_run.sh", "services.d/keystone.cfg", "services.d/nova.cfg", "ca-certificates/root.crt", "ceph/ceph.conf")}
        expected = {
            "keystone": ["/etc/keystone/keystone.conf 600 keystone:keystone", "/etc/apache2/metadata 700 www-data:www-data",
                         "/var/lib/kolla/share/ca-certificates 755 root:root", "/var/lib/kolla/share/ca-certificates/root.crt 644 root:root",
                         "/var/log/kolla 2775 fluentd:kolla", "/var/log/kolla/keystone 2775 keystone:kolla"],
            "mariadb": ["/etc/mysql/my.cnf 600 mysql:mysql", "/usr/local/bin/wsrep-notify.sh 755 mysql:mysql", "/var/lib/mysql/x 644 mysql:mysql"],
            "nova-libvirt": ["/etc/libvirt/secrets/s.xml 600 root:root", "/etc/pki/libvirt-spice/server-key.pem 440 root:nova",
                             "/var/log/kolla/libvirt/libvirtd.log 664 root:kolla"],
            "cinder-volume": ["/etc/cinder/cinder.conf 600 cinder:cinder", "/etc/ceph/ceph.conf 644 root:root"],
            "haproxy": ["/etc/haproxy/haproxy_run.sh 700 root:root", "/etc/haproxy/services.d/nova.cfg 700 root:root"],
        }
        for role, sections in roles.items():
            with self.subTest(role):
                container = self.idle({**sources, **config(**sections)})
                container.shell("mkdir -p /var/lib/mysql && touch /var/lib/mysql/x")
                self.assertEqual(self.configure(container)[0], 0)
                paths = [line.split()[0] for line in expected[role]]
                self.assertEqual(container.shell("stat -c '%n %a %U:%G' " + " ".join(paths)).splitlines(), expected[role])
                self.assertEqual(self.configure(container, check=True)[0], 0)


if __name__ == "__main__":
    unittest.main()
