"""OpenStack's APIs, spoken as one user who has logged in at Keystone. Standard library only."""
import json
import time
import urllib.error
import urllib.parse
import urllib.request


class Refused(Exception):
    """An answer that asking again does not change."""

    def __init__(self, status, text):
        super().__init__("%s %s" % (status, text))
        self.status = status


class Keystone:
    """Keystone's API, and with `api` the others' that its catalog names. Waits for a server that is not there yet, for `patience` seconds in all."""

    def __init__(self, url, user, password, domain="default", project=None, patience=300):
        """`project`: {name, domain} or {id} of the one that is worked in."""
        self.url, self.token, self.catalog, self.user = url, None, [], None
        self.deadline = time.monotonic() + patience
        identity = {"methods": ["password"], "password": {
            "user": {"name": user, "domain": {"id": domain}, "password": password}}}
        self.login = {"auth": {"identity": identity}}
        if project:
            self.login["auth"]["scope"] = {"project": project}

    def authenticate(self):
        """Raises Refused(401) for a wrong name or password."""
        headers, body = self.send("POST", "/auth/tokens", self.login)
        self.token = headers["X-Subject-Token"]
        self.catalog, self.user = body["token"].get("catalog", []), body["token"]["user"]["id"]
        return self

    def endpoint(self, kind, interface="public"):
        """The URL of the service of this type (`image`), as Keystone's catalog has it; None where it has none."""
        return next((point["url"].rstrip("/") for service in self.catalog if service["type"] == kind
                     for point in service["endpoints"] if point["interface"] == interface), None)

    def send(self, method, path, body=None, headers=()):
        """(headers, decoded body or None); bytes are sent as they are. Raises Refused for 4xx, and for 5xx and a broken connection at the deadline."""
        while True:
            try:
                return self.once(method, path, body, dict(headers))
            except (OSError, Refused) as error:
                waitable = not isinstance(error, Refused) or error.status >= 500 or error.status == 429
                if not waitable or time.monotonic() > self.deadline:
                    raise
                time.sleep(0.3)

    def once(self, method, path, body, headers):
        raw = isinstance(body, bytes)
        data = body if raw or body is None else json.dumps(body).encode()
        url = path if path.startswith("http") else self.url + path
        request = urllib.request.Request(url, data=data, method=method, headers=headers)
        if "Content-Type" not in headers:
            request.add_header("Content-Type", "application/octet-stream" if raw else "application/json")
        if self.token:
            request.add_header("X-Auth-Token", self.token)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.headers, decoded(answer)
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


def decoded(answer):
    data = answer.read()
    if not data:
        return None
    return json.loads(data) if "json" in answer.headers.get("Content-Type", "") else data
