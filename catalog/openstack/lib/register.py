"""Registers a service in Keystone: makes what is missing, mends what is different, takes nothing away.

register.py FILE: FILE is JSON with keystone (url, user, project, password), region, user (name, password), roles, domain
(optional: name, description, user) and services (type, name, description, internal, public). Standard library only.
Several of these run at once: what another made first counts as made.
"""
import json
import sys
import time

from rest import Keystone, Refused


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
    service, new = keystone.ensure("services", "service", {"description": entry["description"]},
                                   type=entry["type"], name=entry["name"])
    found = [] if new else keystone.send("GET", "/endpoints?service_id=" + service)[1]["endpoints"]
    there = {(point["interface"], point["region_id"]): point for point in found}
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
    keystone = Keystone(admin["url"], admin["user"], admin["password"],
                        project={"name": admin["project"], "domain": {"id": "default"}}).authenticate()
    project, _ = keystone.ensure("projects", "project", {}, name="service", domain_id="default")
    user = ensure_user(keystone, admin["url"], config["user"], "default")
    _, found = keystone.send("GET", "/roles")  # one question for all of them
    roles = {role["name"]: role["id"] for role in found["roles"]}
    for name in ("admin", "service", *config["roles"]):
        if name not in roles:
            roles[name], _ = keystone.ensure("roles", "role", {}, name=name)
    for name in ("admin", "service"):
        keystone.send("PUT", "/projects/%s/users/%s/roles/%s" % (project, user, roles[name]))
    own = config.get("domain")
    if own:
        domain, _ = keystone.ensure("domains", "domain", {"description": own["description"]}, name=own["name"])
        owner = ensure_user(keystone, admin["url"], own["user"], domain)
        keystone.send("PUT", "/domains/%s/users/%s/roles/%s" % (domain, owner, roles["admin"]))
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
