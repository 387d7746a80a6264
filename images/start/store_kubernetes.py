"""The store as Kubernetes' API server keeps it: Jobs are the records of tasks, endpoint slices tell which Services
answer, a ConfigMap holds what was published, and Events tell who waits for what. Layout: README.md.

What is waited for is watched, each kind of object by one thread with one request that lasts; nothing is asked in turns.
"""
import json
import os
import ssl
import threading
from contextlib import contextmanager
from http.client import HTTPException, HTTPSConnection
from time import sleep
from urllib.parse import urlencode

from common import CANNOT_WRITE, TIMED_OUT, Stop, explain, timestamp
from store_filled import filled

ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
TOLD = os.environ.get("KOLLAGE_TOLD", "/dev/termination-log")
PATIENCE = 30     # seconds that an answer may take
TURN = 290        # seconds after which a watch is begun anew
PAUSE = 1, 10     # seconds before a request that failed is made again, at first and at most
TASK, FINGERPRINT, SERVICE = "kollage.dev/task", "kollage.dev/fingerprint", "kubernetes.io/service-name"


class Refused(Stop):
    """What the API server says when it does not do what it is asked, or that it does not answer."""

    def __init__(self, text: str):
        super().__init__(TIMED_OUT, text)


def _key(owner: str) -> str:
    """An id as the key of a ConfigMap; src/engines/kubernetes/render/manifests.ts writes the same."""
    return owner.replace("/", "__").replace("@", "_at_")


class Server:
    """The API server, as this pod's account."""

    def __init__(self, namespace: str):
        self.host = os.environ.get("KUBERNETES_SERVICE_HOST", "kubernetes.default.svc")
        self.port = int(os.environ.get("KUBERNETES_SERVICE_PORT", "443"))
        self.account = os.environ.get("KOLLAGE_ACCOUNT", ACCOUNT)
        self.namespace = namespace

    def send(self, method: str, path: str, query: dict, body=None, patch: bool = False):
        """The answer, whose body is yet to be read. Raises Refused."""
        try:
            context = ssl.create_default_context(cafile=os.path.join(self.account, "ca.crt"))
            with open(os.path.join(self.account, "token")) as file:  # it is renewed while this runs
                headers = {"Authorization": "Bearer " + file.read().strip(), "Accept": "application/json"}
            if body is not None:
                headers["Content-Type"] = "application/merge-patch+json" if patch else "application/json"
            group, _, resource = path.rpartition("/")
            url = "/%s/namespaces/%s/%s" % (group, self.namespace, resource.replace(":", "/"))
            timeout = TURN + PATIENCE if "watch" in query else PATIENCE
            connection = HTTPSConnection(self.host, self.port, timeout=timeout, context=context)
            connection.request(method, "%s?%s" % (url, urlencode(query)), body and json.dumps(body), headers)
            answer = connection.getresponse()
        except (OSError, HTTPException) as error:
            raise Refused("the API server does not answer: %s" % explain(error))
        if answer.status >= 300:
            said = answer.read(65536)
            try:
                said = json.loads(said)["message"]
            except (ValueError, KeyError, TypeError):
                said = "HTTP %d" % answer.status
            raise Refused("the API server refuses: %s" % said)
        return answer

    def ask(self, method: str, path: str, query: dict, body=None, patch: bool = False) -> dict:
        """The answer as data. Raises Refused."""
        try:
            with self.send(method, path, query, body, patch) as answer:
                return json.load(answer)
        except (OSError, HTTPException, ValueError) as error:
            raise Refused("the API server does not answer: %s" % explain(error))


class Watch:
    """The objects of one kind that a selector means, kept up to date; `changed` is called after each change."""

    def __init__(self, server: Server, path: str, selector: dict, changed):
        self.server, self.path, self.selector, self.changed = server, path, selector, changed
        self.objects, self.trouble = {}, "it has not been asked yet"
        threading.Thread(target=self._run, daemon=True).start()

    def all(self) -> list:
        """The objects; raises Refused as long as they are not known."""
        if self.trouble:
            raise Refused(self.trouble)
        return list(self.objects.values())

    def _run(self) -> None:
        pause = PAUSE[0]
        while True:
            try:
                answer = self.server.ask("GET", self.path, self.selector)
                self.objects = {one["metadata"]["name"]: one for one in answer["items"]}
                self.trouble, pause = None, PAUSE[0]
                self.changed()
                self._follow(answer["metadata"]["resourceVersion"])
            except Refused as error:
                self.trouble = str(error)
            except (OSError, HTTPException, ValueError):
                continue  # the watch broke: what is known may be old, and is read anew at once
            if self.trouble:
                sleep(pause)
                pause = min(PAUSE[1], pause * 2)

    def _follow(self, version: str) -> None:
        """Reads changes until the server ends the watch, or has forgotten where it was (410: then all is read anew)."""
        query = {**self.selector, "watch": 1, "resourceVersion": version, "timeoutSeconds": TURN}
        with self.server.send("GET", self.path, query) as answer:
            for line in answer:
                event = json.loads(line)
                if event["type"] == "ERROR":
                    return
                name = event["object"]["metadata"]["name"]
                objects = {key: one for key, one in self.objects.items() if key != name}
                self.objects = objects if event["type"] == "DELETED" else {**objects, name: event["object"]}
                self.changed()


class Store:
    """What a deployment's pods tell each other. `config` is {"namespace", "tasks", "outputs", "follows"}: the names of
    two ConfigMaps, one with the fingerprint of each task that is wanted now, one with what was published; and the
    outputs that this container is filled with."""

    def __init__(self, config: dict):
        self.server = Server(config["namespace"])
        self.follows = config.get("follows")
        self.registers = {"tasks": config["tasks"], "outputs": config["outputs"]}
        self.watches, self.labels, self.told = {}, {}, None
        self.readable, self.writable = os.pipe()
        os.set_blocking(self.writable, False)

    def _changed(self) -> None:
        try:
            os.write(self.writable, b".")
        except BlockingIOError:
            pass  # whoever reads it is late, and will see all of it

    def watch(self, needs: list):
        """A file descriptor that becomes readable when something of what is needed has changed."""
        kinds = {need["kind"] for need in needs}
        self.labels = {need["task"]: need["label"] for need in needs if need["kind"] == "task"}
        tasks = sorted(set(self.labels.values()))
        services = sorted({need["service"] for need in needs if need["kind"] == "service"})
        if tasks:
            self._watch("jobs", "apis/batch/v1/jobs", labelSelector="%s in (%s)" % (TASK, ",".join(tasks)))
            self._watch("tasks", "api/v1/configmaps", fieldSelector="metadata.name=" + self.registers["tasks"])
        if services:
            self._watch("slices", "apis/discovery.k8s.io/v1/endpointslices",
                        labelSelector="%s in (%s)" % (SERVICE, ",".join(services)))
        if "output" in kinds:
            self._watch("outputs", "api/v1/configmaps", fieldSelector="metadata.name=" + self.registers["outputs"])
        return self.readable if self.watches else None

    def _watch(self, name: str, path: str, **selector) -> None:
        self.watches[name] = Watch(self.server, path, selector, self._changed)

    def refresh(self) -> None:
        os.read(self.readable, 65536)

    def _register(self, name: str, key: str):
        """What a register says under a key; None where it says nothing."""
        if name in self.watches:
            found = self.watches[name].all()
        else:
            found = self.server.ask("GET", "api/v1/configmaps",
                                    {"fieldSelector": "metadata.name=" + self.registers[name]})["items"]
        return next((one.get("data", {}).get(key) for one in found), None)

    def task(self, task: str, fingerprint: str) -> dict:
        """The record of this task with this fingerprint ("current": the one wanted now), {} when there is none. A task
        does not ask for its own: it would not run."""
        if task not in self.labels:
            return {}
        if fingerprint == "current":
            fingerprint = self._register("tasks", _key(task))
        for job in self.watches["jobs"].all():
            labels = job["metadata"].get("labels", {})
            if labels.get(TASK) != self.labels[task] or labels.get(FINGERPRINT) != fingerprint:
                continue
            for condition in job.get("status", {}).get("conditions", []):
                if condition["status"] == "True" and condition["type"] in ("Complete", "Failed"):
                    state = "done" if condition["type"] == "Complete" else "failed"
                    return {"state": state, "exitCode": condition.get("message", "")}
        return {}

    def service(self, name: str) -> None:
        """Returns when a pod of the Service is ready, else raises Refused."""
        slices = [one for one in self.watches["slices"].all() if one["metadata"]["labels"].get(SERVICE) == name]
        pods = [pod for one in slices for pod in one.get("endpoints") or []]
        if not any(pod.get("conditions", {}).get("ready", True) for pod in pods):
            raise Refused("none of its %d pods is ready" % len(pods) if pods else "has no pod")

    def output(self, owner: str, key: str):
        """A published value, None when there is none."""
        text = self._register("outputs", _key(owner))
        return json.loads(text).get(key) if text else None

    def record_task(self, _task: str, _fingerprint: str, _record: dict) -> None:
        """The Job of the task is its record, and the API server's to keep."""

    def publish_outputs(self, owner: str, outputs: dict) -> None:
        body = {"data": {_key(owner): json.dumps(outputs)}}
        path = "api/v1/configmaps:" + self.registers["outputs"]
        for last in (False, False, True):
            try:
                self.server.ask("PATCH", path, {"fieldManager": "kollage-start"}, body, patch=True)
                return
            except Refused as error:
                if last:
                    raise Stop(CANNOT_WRITE, "%s cannot publish: %s" % (owner, error))
                sleep(PAUSE[0])

    def publish_waiting(self, instance: str, report: dict) -> None:
        """Tells by an Event of the pod what it waits for, when that changes; that it starts, the pod itself tells."""
        unmet = [need["need"] for need in report["needs"] if need["metAfterSeconds"] is None]
        told = (report["state"], unmet)
        if report["state"] == "started":
            return self._tell_filled()
        if told == self.told:
            return
        self.told = told
        late = report["state"] == "timed-out"
        said = ", ".join("%s (%s)" % (need["need"], need["error"] or "no answer yet")
                         for need in report["needs"] if need["metAfterSeconds"] is None)
        pod = {"apiVersion": "v1", "kind": "Pod", "namespace": self.server.namespace, "name": instance,
               "uid": os.environ.get("KOLLAGE_POD", "")}
        now = timestamp()[:-5] + "Z"
        try:
            self.server.ask("POST", "api/v1/events", {}, {
                "apiVersion": "v1", "kind": "Event", "involvedObject": pod,
                "metadata": {"generateName": instance[:200] + ".", "namespace": self.server.namespace,
                             "annotations": {"kollage.dev/needs": json.dumps(unmet)}},
                "reason": "NotMet" if late else "Waiting", "type": "Warning" if late else "Normal",
                "message": ("gave up: " if late else "waits for ") + said[:900],
                "source": {"component": "kollage-start", "host": report["node"]},
                "firstTimestamp": now, "lastTimestamp": now, "count": 1})
        except Refused as error:
            raise OSError(0, str(error))

    def _tell_filled(self) -> None:
        """What a container leaves at this place is kept with its pod."""
        if self.follows:
            with open(TOLD, "w") as file:
                json.dump(filled(self, self.follows), file)

    @contextmanager
    def lock(self, _task: str, _on_wait):
        """A Job has one pod at a time, and Kollage no two Jobs of one task."""
        yield
