"""Registers a service in Keystone: makes what is missing, mends what is different, takes nothing away.

register.py FILE: FILE is JSON with keystone (url, user, project, password), region, user (name, password), roles, domain
(optional: name, description, user) and services (type, name, description, internal, public). Standard library only.
Several of these run at once: what another made first counts as made.
"""
import json
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

DEADLINE = time.monotonic() + 300


class Refused(Exception):
    """An answer that asking again does not change."""

    def __init__(self, status, text):
        super().__init__("%s %s" % (status, text))
        self.status = status


class Keystone:
    """Keystone's API, spoken as one user. Waits for a server that is not there yet, until DEADLINE."""

    def __init__(self, url, user, password, domain="default", project=None):
        self.url, self.token = url, None
        identity = {"methods": ["password"], "password": {
            "user": {"name": user, "domain": {"id": domain}, "password": password}}}
        self.login = {"auth": {"identity": identity}}
        if project:
            self.login["auth"]["scope"] = {"project": {"name": project, "domain": {"id": "default"}}}

    def authenticate(self):
        """Raises Refused(401) for a wrong name or password."""
        headers, _ = self.send("POST", "/auth/tokens?nocatalog", self.login)
        self.token = headers["X-Subject-Token"]

    def send(self, method, path, body=None):
        """(headers, decoded body or None). Raises Refused for 4xx, and for 5xx and a broken connection at DEADLINE."""
        while True:
            try:
                return self.once(method, path, body)
            except (OSError, Refused) as error:
                waitable = not isinstance(error, Refused) or error.status >= 500 or error.status == 429
                if not waitable or time.monotonic() > DEADLINE:
                    raise
                time.sleep(0.3)

    def once(self, method, path, body):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, method=method)
        request.add_header("Content-Type", "application/json")
        if self.token:
            request.add_header("X-Auth-Token", self.token)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                text = answer.read()
                return answer.headers, json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            raise Refused(error.code, "%s %s: %s" % (method, path, error.read().decode(errors="replace")[:500]))

    def find(self, things, **query):
        """Id of the thing that the query finds, or None."""
        _, found = self.send("GET", "/%s?%s" % (things, urllib.parse.urlencode(query)))
        return found[things][0]["id"] if found[things] else None

    def ensure(self, things, thing, fields, **query):
        """(id, whether it was made just now) of the thing that the query finds; made from query and fields if missing."""
        known = self.find(things, **query)
        if known:
            return known, False
        try:
            _, made = self.send("POST", "/" + things, {thing: {**query, **fields}})
            return made[thing]["id"], True
        except Refused as error:
            if error.status != 409:
                raise
            return self.find(things, **query), False


def ensure_user(keystone, url, user, domain):
    """Id of a user that can log in with its password. A password is set only where it is another one: setting it takes
    all tokens of the user back."""
    known, new = keystone.ensure("users", "user", {"password": user["password"]}, name=user["name"], domain_id=domain)
    if not new:
        try:
            Keystone(url, user["name"], user["password"], domain).authenticate()
        except Refused as error:
            if error.status != 401:
                raise
            keystone.send("PATCH", "/users/" + known, {"user": {"password": user["password"]}})
    return known


def ensure_service(keystone, entry, region):
    service, _ = keystone.ensure("services", "service", {"description": entry["description"]},
                                 type=entry["type"], name=entry["name"])
    _, found = keystone.send("GET", "/endpoints?service_id=" + service)
    there = {(point["interface"], point["region_id"]): point for point in found["endpoints"]}
    for interface in ("public", "internal", "admin"):
        url = entry["public" if interface == "public" else "internal"]
        point = there.get((interface, region))
        fields = {"service_id": service, "interface": interface, "region_id": region, "url": url}
        if point is None:
            keystone.send("POST", "/endpoints", {"endpoint": fields})
        elif point["url"] != url:
            keystone.send("PATCH", "/endpoints/" + point["id"], {"endpoint": {"url": url}})


def main(path):
    with open(path, encoding="utf-8") as file:
        config = json.load(file)
    admin = config["keystone"]
    keystone = Keystone(admin["url"], admin["user"], admin["password"], project=admin["project"])
    keystone.authenticate()
    project, _ = keystone.ensure("projects", "project", {}, name="service", domain_id="default")
    user = ensure_user(keystone, admin["url"], config["user"], "default")
    for name in ("admin", "service"):
        role, _ = keystone.ensure("roles", "role", {}, name=name)
        keystone.send("PUT", "/projects/%s/users/%s/roles/%s" % (project, user, role))
    for name in config["roles"]:
        keystone.ensure("roles", "role", {}, name=name)
    own = config.get("domain")
    if own:
        domain, _ = keystone.ensure("domains", "domain", {"description": own["description"]}, name=own["name"])
        owner = ensure_user(keystone, admin["url"], own["user"], domain)
        role = keystone.find("roles", name="admin")
        keystone.send("PUT", "/domains/%s/users/%s/roles/%s" % (domain, owner, role))
    for entry in config["services"]:
        if not entry.get("off"):
            ensure_service(keystone, entry, config["region"])


def patiently(path, attempts=5):
    """Several registrations run at once, and what one makes another may meet half made. All of it can be done again, so
    a refusal counts only when it stays."""
    for left in reversed(range(attempts)):
        try:
            return main(path)
        except Refused as error:
            if not left:
                raise
            print("register: %s; once more" % error, file=sys.stderr)
            time.sleep(1)


try:
    patiently(sys.argv[1])
except (OSError, Refused) as error:
    sys.exit("register: %s" % error)
