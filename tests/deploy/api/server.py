"""A real Kubernetes API server over a real etcd, on loopback, for one session of tests."""

import json
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

_READY_S = 180.0
_END_S = 30.0
_TOKEN = "of-this-test-only"
LEVELS = ("restricted", "baseline", "privileged")


class RefusedError(Exception):
    """What the API server refused, in its words."""


class Api:
    """Talks to the server as an administrator."""

    def __init__(self, place: Path, port: int) -> None:
        self._url = f"https://127.0.0.1:{port}"
        self._tls = ssl._create_unverified_context()  # its certificate is of its own making
        self.kubeconfig = place / "kubeconfig"
        self.kubeconfig.write_text(yaml.safe_dump(self._kubeconfig()))
        self.kubeconfig.chmod(0o600)

    def create(self, path: str, body: dict[str, Any], *, dry_run: bool = False) -> dict[str, Any]:
        """POST an object, with every unknown field refused; raises RefusedError."""
        dry = "&dryRun=All" if dry_run else ""
        return self._ask("POST", f"{path}?fieldValidation=Strict{dry}", body)

    def get(self, path: str) -> dict[str, Any]:
        """GET an object; raises RefusedError."""
        return self._ask("GET", path)

    def namespace(self, name: str, level: str) -> str:
        """A namespace that enforces a Pod Security level, with the service account that pods need."""
        labels = {"pod-security.kubernetes.io/enforce": level}
        self.create("/api/v1/namespaces", {"metadata": {"name": name, "labels": labels}})
        self.create(f"/api/v1/namespaces/{name}/serviceaccounts", {"metadata": {"name": "default"}})
        return name

    def admitted(self, namespace: str, template: dict[str, Any]) -> dict[str, Any]:
        """The pod of a template as admission would store it; raises RefusedError."""
        metadata = {**template["metadata"], "name": "pod", "namespace": namespace}
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}
        return self.create(f"/api/v1/namespaces/{namespace}/pods", pod, dry_run=True)

    def is_ready(self) -> bool:
        """Whether every part of it says so."""
        try:
            self._ask("GET", "/readyz")
        except (OSError, RefusedError):
            return False
        return True

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {_TOKEN}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60, context=self._tls) as answer:
                said = answer.read()
        except urllib.error.HTTPError as error:
            with error:
                raise RefusedError(error.read().decode()) from None
        return dict(json.loads(said)) if said.startswith(b"{") else {}

    def _kubeconfig(self) -> dict[str, Any]:
        cluster = {"server": self._url, "insecure-skip-tls-verify": True}
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "test", "cluster": cluster}],
            "users": [{"name": "test", "user": {"token": _TOKEN}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
            "current-context": "test",
        }


@contextmanager
def served(place: Path) -> Iterator[Api]:
    """Both servers, until the end."""
    key, public = place / "sa.key", place / "sa.pub"
    for argv in (["genrsa", "-out", key, "2048"], ["rsa", "-in", key, "-pubout", "-out", public]):
        subprocess.run(["openssl", *argv], check=True, capture_output=True)
    tokens = place / "tokens.csv"
    tokens.write_text(f'{_TOKEN},admin,admin,"system:masters"\n')
    store, peer, port = _free_ports(3)
    etcd = ["etcd", "--data-dir", place / "etcd", "--unsafe-no-fsync", *_etcd_listens(store, peer)]
    server = ["kube-apiserver", f"--etcd-servers=http://127.0.0.1:{store}", f"--secure-port={port}"]
    server += ["--bind-address=127.0.0.1", f"--cert-dir={place / 'certs'}", f"--token-auth-file={tokens}"]
    server += [f"--service-account-signing-key-file={key}", f"--service-account-key-file={public}"]
    server += ["--service-account-issuer=https://kubernetes.default.svc", "--authorization-mode=RBAC"]
    server += ["--service-cluster-ip-range=10.0.0.0/24", "--allow-privileged=true"]
    with _running(etcd, place / "etcd.log"), _running(server, place / "server.log") as process:
        api = Api(place, port)
        deadline = time.monotonic() + _READY_S
        while not api.is_ready():
            log = (place / "server.log").read_text()[-2000:]
            assert process.poll() is None, log
            assert time.monotonic() < deadline, log
            time.sleep(0.2)
        yield api


def _etcd_listens(store: int, peer: int) -> list[str]:
    urls = [f"--{kind}-client-urls=http://127.0.0.1:{store}" for kind in ("listen", "advertise")]
    return [*urls, f"--listen-peer-urls=http://127.0.0.1:{peer}"]


@contextmanager
def _running(argv: list[Any], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as written, subprocess.Popen(argv, stdout=written, stderr=written) as process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(_END_S)
            except subprocess.TimeoutExpired:
                process.kill()


def _free_ports(count: int) -> list[int]:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports
