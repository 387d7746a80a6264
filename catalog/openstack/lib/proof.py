"""What every proof of a service does: it says its steps, works as a user and in a project of its own, and leaves nothing behind.

All that a proof makes lies in its project, whose name begins with kollage-verify-SERVICE-, or bears such a name. So cleaning up, also after a
proof that was killed, is emptying that project and deleting what is named so.
"""
import base64
import json
import os
import secrets
import signal
import sys
import time

from rest import Keystone, Refused

GUEST = "/usr/share/kollage/guest/"


class Failed(Exception):
    """Something that a user would expect does not hold."""


def step(text, since):
    """Tells `kollage verify` of a step that is done; `since`: when it began (time.monotonic)."""
    print("kollage: step %s (%.1f s)" % (text, time.monotonic() - since), flush=True)


def hand_over(name, data):
    """Hands a file to whoever runs the proof."""
    print("kollage: file %s %s" % (name, base64.b64encode(data).decode()), flush=True)


class Proof:
    """`admin`: the first user's session; `user`: that of the user who is made for this proof, in the project `project`; `name`: how all is named."""

    def __init__(self, config):
        self.settings, self.login = config["settings"], config["keystone"]
        self.prefix = "kollage-verify-%s-" % config["service"]
        self.name = self.prefix + secrets.token_hex(4)
        self.admin = self.session({"name": self.login["project"], "domain": {"id": "default"}})
        self.user = self.project = self.password = None
        self.last = time.monotonic()

    def session(self, project):
        login = self.login
        return Keystone(login["url"], login["user"], login["password"], project=project, patience=30).authenticate()

    def done(self, text):
        """Says what was done since the step before."""
        step(text, self.last)
        self.last = time.monotonic()

    def enter(self):
        """Makes the project and its user, and logs in as a user with an ordinary member's rights."""
        self.password = secrets.token_urlsafe(24)
        admin = self.admin
        _, made = admin.send("POST", "/projects", {"project": {"name": self.name, "domain_id": "default"}})
        self.project = made["project"]["id"]
        _, made = admin.send("POST", "/users", {"user": {
            "name": self.name, "domain_id": "default", "password": self.password, "default_project_id": self.project}})
        admin.send("PUT", "/projects/%s/users/%s/roles/%s" % (
            self.project, made["user"]["id"], admin.find("roles", name="member")))
        self.user = Keystone(self.login["url"], self.name, self.password,
                             project={"id": self.project}, patience=30).authenticate()

    def call(self, kind, method, path, body=None, session=None, headers=()):
        """The decoded answer of a service of this type (`image`), asked as the user or in another session."""
        session = session or self.user
        url = session.endpoint(kind)
        if url is None:
            raise Failed("Keystone's catalog has no service of type %s" % kind)
        return session.send(method, url + path, body, headers)[1]

    def until(self, what, ask, seconds=240):
        """Asks until the answer counts as true, and gives it. Raises Failed with the name of what was waited for."""
        deadline = time.monotonic() + seconds
        while True:
            answer = ask()
            if answer:
                return answer
            if time.monotonic() > deadline:
                raise Failed("%s: not after %d s" % (what, seconds))
            time.sleep(0.3)

    def empty(self, things):
        """Takes away what this proof, or an earlier one that was killed, has made: `things` in their order, then users and projects."""
        _, found = self.admin.send("GET", "/projects?domain_id=default")
        for project in found["projects"]:
            if project["name"].startswith(self.prefix):
                self.empty_project(project["id"], things)
        for kind in ("users", "projects"):
            _, found = self.admin.send("GET", "/%s?domain_id=default" % kind)
            for thing in found[kind]:
                if thing["name"].startswith(self.prefix):
                    gone(self.admin, "%s/%s/%s" % (self.admin.url, kind, thing["id"]))

    def empty_project(self, project, things):
        role = self.admin.find("roles", name="admin")
        self.admin.send("PUT", "/projects/%s/users/%s/roles/%s" % (project, self.admin.user, role))
        session = self.session({"id": project})
        for take_away in things:
            take_away(self, session, project)


def gone(session, url):
    """Deletes something that may be gone already."""
    try:
        session.send("DELETE", url)
    except Refused as error:
        if error.status != 404:
            raise


def listed(proof, session, kind, path, key, project=None):
    """(URL, thing) of all that an API lists; with `project`, of that project's alone: an admin is shown everyone's."""
    found = proof.call(kind, "GET", path, session=session)[key]
    url = session.endpoint(kind) + path.split("?")[0]
    return [("%s/%s" % (url, thing["id"]), thing) for thing in found
            if project in (None, thing.get("project_id"), thing.get("tenant_id"), thing.get("owner"))]


def stacks(proof, session, _project):
    def left():
        # Heat shows an admin the stacks of all projects, whichever is asked for. One that is deleted is listed no more.
        found = [stack for stack in proof.call("orchestration", "GET", "/stacks", session=session)["stacks"]
                 if stack["stack_name"].startswith(proof.prefix)]
        for stack in found:
            if stack["stack_status"] == "DELETE_FAILED":
                raise Failed("the stack cannot be deleted: %s" % stack["stack_status_reason"])
            if not stack["stack_status"].startswith("DELETE"):
                gone(session, session.endpoint("orchestration") + "/stacks/%s/%s" % (stack["stack_name"], stack["id"]))
        return found
    proof.until("the stack is deleted", lambda: not left())


def servers(proof, session, _project):
    for url, _ in listed(proof, session, "compute", "/servers", "servers"):
        gone(session, url)
    proof.until("the server is deleted", lambda: not listed(proof, session, "compute", "/servers", "servers"))
    for url, flavor in listed(proof, proof.admin, "compute", "/flavors?is_public=None", "flavors"):
        if flavor["name"].startswith(proof.prefix):
            gone(proof.admin, url)


def networks(proof, session, project):
    """With routers, ports and security groups; nothing where there is no such service."""
    if session.endpoint("network") is None:
        return
    _, extensions = session.send("GET", session.endpoint("network") + "/v2.0/extensions")
    if any(extension["alias"] == "router" for extension in extensions["extensions"]):
        for url, router in listed(proof, session, "network", "/v2.0/routers", "routers", project):
            for _, port in listed(proof, session, "network", "/v2.0/ports?device_id=" + router["id"], "ports"):
                session.send("PUT", url + "/remove_router_interface", {"port_id": port["id"]})
            gone(session, url)
    for things in ("ports", "networks", "security-groups"):
        for url, thing in listed(proof, session, "network", "/v2.0/" + things, things.replace("-", "_"), project):
            # Neutron's own (of DHCP) goes with its network.
            if not thing.get("device_owner", "").startswith("network:"):
                gone(session, url)


def images(proof, session, project):
    for url, _ in listed(proof, session, "image", "/v2/images?owner=" + project, "images", project):
        gone(session, url)


def volumes(proof, session, _project):
    for url, _ in listed(proof, session, "volumev3", "/volumes", "volumes"):
        gone(session, url)
    proof.until("the volume is deleted", lambda: not listed(proof, session, "volumev3", "/volumes", "volumes"))


def upload(proof, name, data, **fields):
    """Id of a new image with these bytes."""
    image = proof.call("image", "POST", "/v2/images", {"name": name, **fields})
    proof.call("image", "PUT", "/v2/images/%s/file" % image["id"], data)
    return image["id"]


def make_network(proof, name, cidr):
    """(network's id, subnet's id) of a new network."""
    network = proof.call("network", "POST", "/v2.0/networks", {"network": {"name": name}})["network"]["id"]
    subnet = proof.call("network", "POST", "/v2.0/subnets", {"subnet": {
        "name": name, "network_id": network, "ip_version": 4, "cidr": cidr}})["subnet"]["id"]
    return network, subnet


def stop(_number, _frame):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise Failed("it was told to stop")


def run(prove, *things):
    """The whole program: proves, and takes away what the proof makes (`things`, such as `images`), whatever comes."""
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "verify.json"), encoding="utf-8") as file:
        config = json.load(file)
    signal.signal(signal.SIGTERM, stop)
    code = 1
    proof = None
    try:
        proof = Proof(config)
        proof.empty(things)
        proof.enter()
        prove(proof)
        code = 0
    except (OSError, KeyError, Failed, Refused) as error:
        print("%s: %s" % (type(error).__name__, error), flush=True)
    finally:
        code = clean_up(proof, things) or code
    sys.exit(code)


def clean_up(proof, things):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if proof is None:
        return 1
    try:
        since = time.monotonic()
        proof.empty(things)
        step("everything is taken away again", since)
        return 0
    except (OSError, KeyError, Failed, Refused) as error:
        print("not everything could be taken away: %s" % error, flush=True)
        return 1
