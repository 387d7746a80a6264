"""Containers for the tests: images made of Debian's packages alone, and a handle on one running container.

The root file system is made by debootstrap from the mirror that this machine's apt uses, and kept in
~/.cache/kollage-test; images are kept by Docker under names that hold a digest of what went into them. Everything
carries the label kollage.test=contract, and nothing else is ever touched.
"""
import functools
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

CONTRACT = pathlib.Path(__file__).resolve().parent
IMAGES = CONTRACT.parent
CACHE = pathlib.Path.home() / ".cache/kollage-test"
LABEL = "kollage.test=contract"
SUITE = "trixie"
PACKAGES = "python3,python3-yaml,sudo,dumb-init,ca-certificates"

# Kolla's users with its uids, which never change: openstack/kolla, kolla/common/users.py.
USERS = {"glance": 42415, "heat": 42418, "horizon": 42420, "keystone": 42425, "mysql": 42434, "neutron": 42435,
         "nova": 42436, "rabbitmq": 42439, "fluentd": 42474, "openvswitch": 42424, "placement": 42482, "cinder": 42407}


def run(*command, check=True, timeout=600, **options) -> subprocess.CompletedProcess:
    """Runs a command with its output as text; raises with that output when it fails."""
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=timeout, **options)
    if check and result.returncode:
        raise RuntimeError("%s: exit code %d\n%s%s" % (" ".join(map(str, command)), result.returncode, result.stdout, result.stderr))
    return result


def require_docker() -> None:
    """Skips the test where there is no Docker daemon that answers."""
    if not shutil.which("docker") or run("docker", "info", check=False).returncode:
        raise unittest.SkipTest("no Docker daemon answers")


def apt_mirror() -> str:
    """The address that this machine's apt gets Debian from; '' when it cannot be told."""
    for line in run("apt-cache", "policy", check=False).stdout.splitlines():
        found = re.match(r"\s*\d+ (https?://\S+) \S+/main \S+ Packages", line)
        if found and "security" not in found.group(1):
            return found.group(1)
    return ""


def root_file_system() -> pathlib.Path:
    """A tar of a minimal Debian. Made when it is not in the cache; skips the test where that is not possible."""
    path = CACHE / ("%s-%s.tar" % (SUITE, hashlib.sha256(PACKAGES.encode()).hexdigest()[:12]))
    if not path.exists():
        if os.getuid() or not shutil.which("debootstrap"):
            raise unittest.SkipTest("a root file system needs root and debootstrap")
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            mirror = apt_mirror()
            run("debootstrap", "--variant=minbase", "--include=" + PACKAGES, SUITE, folder + "/root", *([mirror] if mirror else []))
            run("tar", "--numeric-owner", "-C", folder + "/root", "-cf", folder + "/tar", ".")
            os.rename(folder + "/tar", path)
    return path


def image(name: str, make) -> str:
    """The image NAME, made by make(NAME) when Docker has none of that name."""
    if run("docker", "image", "inspect", name, check=False).returncode:
        make(name)
    return name


@functools.lru_cache(None)
def base_image() -> str:
    require_docker()
    source = root_file_system()
    return image("kollage-test-base:" + source.stem.rpartition("-")[2],
                 lambda name: run("docker", "import", "--change", "LABEL " + LABEL, source, name))


def build(name: str, dockerfile: str) -> None:
    """Builds an image whose context is the folder images/, with the classic builder or BuildKit."""
    run("docker", "build", "--label", LABEL, "-t", name, "-f", "-", IMAGES, input=dockerfile, timeout=1500)


def digest(*parts) -> str:
    found = hashlib.sha256("".join(map(str, parts)).encode())
    for path in sorted(CONTRACT.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts and not path.name.endswith("_test.py"):
            found.update(str(path.relative_to(CONTRACT)).encode() + path.read_bytes() + oct(path.stat().st_mode).encode())
    return found.hexdigest()[:12]


@functools.lru_cache(None)
def contract_image() -> str:
    """Debian, Kolla's users, and the contract as every image of ours has it."""
    users = " && ".join("groupadd -g {1} {0} && useradd -M -u {1} -g {1} -G kolla -d /var/lib/{0} {0}".format(*user)
                        for user in USERS.items())
    text = "FROM %s\nRUN groupadd -g 42400 kolla && %s\nCOPY contract /tmp/contract\nRUN /tmp/contract/install\n" \
           'ENTRYPOINT ["dumb-init", "--single-child", "--"]\nCMD ["kolla_start"]\n' % (base_image(), users)
    return image("kollage-test-contract:" + digest(text), lambda name: build(name, text))


@functools.lru_cache(None)
def services_image() -> str:
    """MariaDB, RabbitMQ, memcached and curl from Debian's packages, and the contract with what it adds for them."""
    text = "FROM %s\nRUN printf '#!/bin/sh\\nexit 101\\n' > /usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d " \
           "&& apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends " \
           "mariadb-server rabbitmq-server memcached && rm -rf /var/lib/mysql/*\n" % base_image()
    packages = image("kollage-test-packages:" + hashlib.sha256(text.encode()).hexdigest()[:12], lambda name: build(name, text))
    text = "FROM %s\nCOPY contract /tmp/contract\nRUN /tmp/contract/install && usermod -aG kolla rabbitmq && /tmp/contract/install mariadb-server && " \
           "cp /usr/local/bin/kolla_extend_start /extend-mariadb && /tmp/contract/install rabbitmq\n" \
           'ENTRYPOINT ["dumb-init", "--single-child", "--"]\nCMD ["kolla_start"]\n' % packages
    return image("kollage-test-services:" + digest(text), lambda name: build(name, text))


class Container:
    """One container, removed with the test. `files` is mounted read-only at /var/lib/kolla/config_files."""

    def __init__(self, test: unittest.TestCase, image_name: str, *command, options=(), files=None):
        folder = tempfile.TemporaryDirectory()
        test.addCleanup(folder.cleanup)
        self.config = pathlib.Path(folder.name)
        self.config.chmod(0o755)
        self.put(files or {})
        self.id = run("docker", "create", "--label", LABEL, "-v", "%s:/var/lib/kolla/config_files:ro" % self.config,
                      "-e", "KOLLA_CONFIG_STRATEGY=COPY_ALWAYS", *options, image_name, *command).stdout.strip()
        test.addCleanup(run, "docker", "rm", "-f", "-v", self.id)

    def put(self, files: dict) -> None:
        """Writes {name: text, or None to remove it} into the folder of configuration files."""
        for name, text in files.items():
            path = self.config / name
            if text is None:
                path.unlink()
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)

    def start(self) -> "Container":
        run("docker", "start", self.id)
        return self

    def wait(self) -> int:
        """The exit code, once it has ended."""
        return int(run("docker", "wait", self.id, timeout=120).stdout)

    def exec(self, *command, options=(), check=False) -> subprocess.CompletedProcess:
        return run("docker", "exec", *options, self.id, *command, check=check)

    def shell(self, script: str, **options) -> str:
        """What a shell script in it prints; raises when it fails."""
        return self.exec("bash", "-c", script, check=True, **options).stdout

    def logs(self) -> str:
        result = run("docker", "logs", self.id)
        return result.stdout + result.stderr

    def await_log(self, text: str) -> None:
        """Returns when `text` has appeared in its output; raises when it ends before."""
        with subprocess.Popen(["docker", "logs", "-f", self.id], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as follow:
            for line in follow.stdout:
                if text in line:
                    follow.kill()
                    return
        raise RuntimeError("ended without saying %r:\n%s" % (text, self.logs()))
