#!/usr/bin/env python3
"""Stands in for mesos-master, mesos-agent and Marathon, by the name that it is started under: no package of them is to be had. It refuses the flags that they
refuse (apache/mesos, docs/configuration; 3rdparty/stout flags.hpp; mesosphere/marathon, docs/docs/command-line-flags.md), looks whether what it is given works
(ZooKeeper, Docker, its work_dir, other hosts' names), finds the leading master as they do, and answers what they answer when they are well."""
import http.client
import json
import os
import re
import signal
import socket
import sys
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

sys.path.insert(0, "/opt/stand-in")
from store_zookeeper_client import Session  # noqa: E402

ANYONE = [(31, "world", "anyone")]
BOTH = {"ip", "port", "hostname", "advertise_ip", "advertise_port", "log_dir", "zk_session_timeout"}
MASTER = BOTH | {"zk", "quorum", "work_dir", "cluster", "roles", "weights", "credentials"}
AGENT = BOTH | {"master", "work_dir", "attributes", "resources", "containerizers", "docker", "docker_socket", "docker_mesos_image", "isolation",
                "executor_registration_timeout", "executor_reregistration_timeout", "launcher", "runtime_dir", "credential", "recover"}
SWITCHES = {"hostname_lookup", "systemd_enable_support", "authenticate_agents", "strict", "switch_user", "cgroups_enable_cfs"}
MARATHON = {"master", "zk", "hostname", "http_address", "http_port", "task_launch_timeout", "enable_features", "framework_name", "mesos_role",
            "mesos_user", "failover_timeout", "http_credentials", "local_port_min", "local_port_max", "webui_url"}


def end(text: str) -> None:
    sys.exit("F0000 %s" % text)


def mesos_flags(known: set, required: tuple) -> dict:
    flags = {}
    for word in sys.argv[1:]:
        match = re.fullmatch(r"--(no-)?([a-z_]+)(?:=(.*))?", word)
        if not match:
            end("Failed to parse '%s'" % word)
        no, name, value = match.groups()
        if name in SWITCHES and (value is None or not no):
            flags[name] = not no and value in (None, "true")
        elif no and name in known:
            end("Failed to load non-boolean flag '%s' via '%s'" % (name, word))
        elif name not in known:
            end("Failed to load unknown flag '%s'" % name)
        elif not value:
            end("Failed to load non-boolean flag '%s': Missing value" % name)
        elif name in flags:
            end("Flag '%s' is already loaded via command line" % name)
        else:
            flags[name] = value
    for name in required:
        if name not in flags:
            end("Flag '%s' is required, but it was not provided" % name)
    return flags


def zookeeper(url: str):
    match = re.fullmatch(r"zk://([^/@]+)(/[^/]+)", url)
    if not match:
        end("Failed to parse the URL of ZooKeeper: %s" % url)
    return Session(match[1], "stand", "in"), match[2]


class Leader:
    """The master that has the lowest of the nodes which masters make (master/detector/zookeeper.cpp)."""

    def __init__(self, session, path: str):
        self.session, self.path = session, path

    def now(self):
        names = [name for name in self.session.children(self.path) or [] if name.startswith("json.info_")]
        data = self.session.get("%s/%s" % (self.path, min(names))) if names else None
        return json.loads(data)["address"] if data else None


def serve(ip: str, port: int, answer) -> None:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, headers, text = answer(self.path, body)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        do_POST = do_GET

        def log_message(self, *_):
            pass

    ThreadingHTTPServer((ip, port), Handler).serve_forever()


def master() -> None:
    flags = mesos_flags(MASTER, ("work_dir",))
    if "zk" in flags and not flags.get("quorum", "").isdigit():
        end("Need to specify --quorum for replicated log based registry when using ZooKeeper")
    if not os.path.ismount(flags["work_dir"]):
        end("what is written to %s is lost with the container" % flags["work_dir"])
    open(flags["work_dir"] + "/registry", "a").close()
    session, path = zookeeper(flags["zk"])
    leader = Leader(session, path)
    ip, port = flags["ip"], int(flags.get("port", 5050))
    agents, seen = {}, {}

    def contend():
        session.put(path, b"", ANYONE)
        info = {"address": {"hostname": flags["hostname"], "ip": ip, "port": port}}
        # The flags of a node that is ephemeral and numbered.
        session.create(path + "/json.info_", json.dumps(info).encode(), ANYONE, 3)
        print("I0000 contending", flush=True)

    def answer(where: str, body: bytes):
        if where == "/health":
            return 200, {}, ""
        if where == "/stand-in/register":
            agent = json.loads(body)
            agents[agent["hostname"]], seen[agent["hostname"]] = agent, time.monotonic()
            return 202, {}, ""
        if where == "/stand-in/unregister":
            agents.pop(json.loads(body)["hostname"], None)
            return 202, {}, ""
        if where != "/slaves":
            return 404, {}, ""
        now = leader.now()
        if now is None:
            return 503, {}, ""
        if (now["ip"], now["port"]) != (ip, port):
            return 307, {"Location": "//%s:%d%s" % (now["hostname"], now["port"], where)}, ""
        slaves = [dict(agent, active=time.monotonic() - seen[name] < 3) for name, agent in agents.items()]
        return 200, {"Content-Type": "application/json"}, json.dumps({"slaves": slaves, "recovered_slaves": []})

    threading.Thread(target=contend, daemon=True).start()
    serve(ip, port, answer)


def ask_docker(path: str, where: str):
    class Connection(http.client.HTTPConnection):
        def connect(self):
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.connect(path)

    connection = Connection("docker")
    connection.request("GET", where)
    answer = connection.getresponse()
    if answer.status != 200:
        raise OSError("%s: %d" % (where, answer.status))
    return json.loads(answer.read())


def agent() -> None:
    flags = mesos_flags(AGENT, ("master", "work_dir"))
    attributes = dict(one.split(":", 1) for one in flags.get("attributes", "").split(";") if one)
    for one in flags.get("resources", "").split(";"):
        kind, _, value = one.partition(":")
        ranges = [tuple(map(int, pair.split("-"))) for pair in value.strip("[]").split(",")]
        if kind != "ports" or any(begin > last for begin, last in ranges) or ranges != sorted(ranges):
            end("Bad resources '%s'" % one)
    for one in flags.get("containerizers", "mesos").split(","):
        if one not in ("mesos", "docker"):
            end("Unknown or unsupported containerizer: %s" % one)
    work = flags["work_dir"]
    try:
        path = flags.get("docker_socket", "/var/run/docker.sock")
        ask_docker(path, "/version")
        # A task mounts its sandbox from the host: there it must have the same name.
        own = [one for one in ask_docker(path, "/containers/json")
               if any(mount["Destination"] == mount["Source"] == work for mount in one["Mounts"])]
        if len(own) != 1:
            end("%s is not what the host has there" % work)
        if "docker_mesos_image" in flags and ask_docker(path, "/containers/%s/json" % own[0]["Id"])["HostConfig"]["PidMode"] != "host":
            end("the processes of tasks cannot be seen")
    except OSError as error:
        end("Failed to create docker: %s" % error)
    session, where = zookeeper(flags["master"])
    leader = Leader(session, where)
    this = {"hostname": flags["hostname"], "attributes": attributes, "id": str(os.getpid())}

    def tell(what: str):
        now = leader.now()
        if now:
            body = json.dumps(this).encode()
            urllib.request.urlopen("http://%s:%d/stand-in/%s" % (now["ip"], now["port"], what), body, 5).read()

    def stop(*_):
        print("I0000 Received SIGUSR1 signal from user root; unregistering and shutting down", flush=True)
        tell("unregister")
        os._exit(0)

    signal.signal(signal.SIGUSR1, stop)
    threading.Thread(target=serve, args=(flags["ip"], int(flags.get("port", 5051)), lambda *_: (200, {}, "")), daemon=True).start()
    while True:
        try:
            tell("register")
        except OSError as error:
            print("W0000 %s" % error, flush=True)
        time.sleep(0.5)


def marathon() -> None:
    words, flags = sys.argv[1:], {}
    while words:
        name = words.pop(0)
        if not name.startswith("--") or name[2:] not in MARATHON:
            sys.exit("[scallop] Error: Unknown option '%s'" % name.lstrip("-"))
        if not words:
            sys.exit("[scallop] Error: you should provide exactly one argument for option '%s'" % name)
        flags[name[2:]] = words.pop(0)
    if "master" not in flags:
        sys.exit("[scallop] Error: Required option 'master' not found")
    if os.environ.get("LIBPROCESS_IP") != flags.get("http_address"):
        sys.exit("the driver would listen on another address than Marathon")
    state, path = zookeeper(flags["zk"])
    state.put(path, b"", ANYONE)
    session, masters = zookeeper(flags["master"])
    leader = Leader(session, masters)
    while leader.now() is None:
        time.sleep(0.1)

    def answer(where: str, _body: bytes):
        if where == "/ping":
            return 200, {"Content-Type": "text/plain"}, "pong"
        if where == "/stand-in/agents":
            now = leader.now()
            slaves = json.load(urllib.request.urlopen("http://%s:%d/slaves" % (now["ip"], now["port"])))["slaves"]
            return 200, {}, json.dumps({one["hostname"]: socket.gethostbyname(one["hostname"]) for one in slaves})
        return 404, {}, ""

    serve(flags["http_address"], int(flags.get("http_port", 8080)), answer)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: os._exit(143))
    {"mesos-master": master, "mesos-agent": agent, "marathon": marathon}[os.path.basename(sys.argv[0])]()
