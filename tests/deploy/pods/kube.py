"""Pods as charts render them, played by podman."""

import json
import os
import signal
import subprocess
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.daemon import until
from tests.deploy.pods.engine import Podman
from tests.deploy.pods.images import LOOPCAM, ROOT, TARGET

EXAMPLE = ROOT / "deploy" / "examples" / "autoscaler"
METRICS = 9686
Manifest = dict[str, Any]


def rendered(values: Mapping[str, object], name: str) -> list[Manifest]:
    """What Helm makes of the example's chart."""
    argv = ["helm", "template", name, str(EXAMPLE), "--values", "-"]
    done = subprocess.run(
        argv, input=json.dumps(values).encode(), capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return [document for document in yaml.safe_load_all(done.stdout) if document]


def translated(documents: list[Manifest], name: str, volumes: Path) -> Manifest:
    """The pod of the deployment, with what podman 4.3 does not do as the kubelet does, and nothing else.

    Volumes: an emptyDir belongs to root and is open to everybody, a ConfigMap to root and readable; podman
    copies owner and mode of what the image has there. Fields of the pod are known beforehand. Ports are not
    published on the host. Probes need systemd: the tests ask what the kubelet would.
    """
    configs = {one["metadata"]["name"]: one["data"] for one in documents if one["kind"] == "ConfigMap"}
    (deployment,) = [document for document in documents if document["kind"] == "Deployment"]
    pod = deployment["spec"]["template"]
    fields = {"metadata.name": name, "metadata.namespace": "default", "metadata.uid": f"uid-of-{name}"}
    fields["spec.nodeName"] = "this-machine"
    for volume in pod["spec"]["volumes"]:
        place = volumes / volume["name"]
        if (config := volume.pop("configMap", None)) is not None:
            write_config(place, configs[config["name"]])
        else:
            volume.pop("emptyDir")
            place.mkdir(exist_ok=True)
            place.chmod(0o777)
        volume["hostPath"] = {"path": str(place)}
    for container in pod["spec"]["containers"]:
        container.pop("livenessProbe", None)
        container.pop("ports", None)
        for one in container.get("env", []):
            if source := one.pop("valueFrom", None):
                one["value"] = fields[source["fieldRef"]["fieldPath"]]
    metadata = {**pod["metadata"], "name": name}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": pod["spec"]}


def write_config(place: Path, data: Mapping[str, str]) -> None:
    """A ConfigMap's files as the kubelet writes them: links into a folder that is exchanged as a whole."""
    place.mkdir(exist_ok=True)
    version = place / f"..{os.urandom(4).hex()}"
    version.mkdir()
    for name, text in data.items():
        (version / name).write_text(text)
        if not (place / name).is_symlink():
            (place / name).symlink_to(f"..data/{name}")
    (place / "..data_tmp").symlink_to(version.name)
    (place / "..data_tmp").rename(place / "..data")


class Pod:
    """One that runs: the target `autoscaler`, and loopcam beside it."""

    def __init__(self, podman: Podman, network: str, name: str, volumes: Path) -> None:
        volumes.chmod(0o755)
        self.podman = podman
        self.name = name
        self.volumes = volumes
        self._network = network

    def play(self, documents: list[Manifest]) -> "Pod":
        """Start it, from what the chart rendered."""
        played = json.dumps(translated(documents, self.name, self.volumes)).encode()
        self.podman("kube", "play", "--quiet", "--network", self._network, "-", data=played)
        return self

    def container(self, name: str = "loopcam") -> str:
        """What podman calls one of its containers."""
        return f"{self.name}-{name}"

    def address(self) -> str:
        """Where the host reaches it."""
        pod = json.loads(self.podman("pod", "inspect", self.name))
        networks = self.podman.inspect(pod["InfraContainerID"])["NetworkSettings"]["Networks"]
        return str(networks[self._network]["IPAddress"])

    def ask(self, path: str) -> str:
        """What loopcam answers at `metrics_listen`, as the kubelet and Prometheus ask."""
        with urllib.request.urlopen(f"http://{self.address()}:{METRICS}{path}", timeout=20) as answer:
            text: str = answer.read().decode()
            return text

    def answers(self) -> bool:
        """Whether a liveness probe succeeds."""
        try:
            self.ask("/healthz")
        except OSError:
            return False
        return True

    def metric(self, name: str, **labels: str) -> float:
        """A sample of its metrics, summed over labels that are not given; 0 when there is none."""
        families = text_string_to_metric_families(self.ask("/metrics"))
        samples = (one for family in families for one in family.samples if one.name == name)
        return sum(one.value for one in samples if labels.items() <= one.labels.items())

    def watches(self) -> "Pod":
        """Wait until loopcam has begun."""
        try:
            until(self.answers, "loopcam answers")
        except AssertionError as error:
            raise AssertionError(f"{error}; it says: {self.logs()}") from None
        return self

    def hears(self, *targets: str) -> None:
        """Wait until loopcam knows of whole iterations of each."""
        until(lambda: all(map(self._heard, targets)), f"loopcam hears {', '.join(targets)}")

    def _heard(self, target: str) -> bool:
        return self.metric("loopcam_iterations_total", target=target) > 0

    def stall(self) -> None:
        """Let the iteration that begins next not end."""
        (self.volumes / "shared" / "stall").touch()

    def go_on(self) -> None:
        """Let it end."""
        (self.volumes / "shared" / "stall").unlink(missing_ok=True)

    def logs(self, name: str = "loopcam") -> str:
        """What a container has said."""
        done = self.podman.run("logs", self.container(name))
        return (done.stdout + done.stderr).decode()

    def execute(self, *argv: str, name: str = "loopcam") -> str:
        """What a command in a container prints."""
        return self.podman("exec", self.container(name), *argv)

    def kill(self, name: str = "loopcam") -> None:
        """End a container's program as the kernel does when memory is short: podman's own `kill` is final."""
        first = self.podman.inspect(self.container(name))["State"]["Pid"]
        children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        os.kill(int(children[0]) if children else first, signal.SIGKILL)

    def restarts(self, name: str = "loopcam") -> int:
        """How often a container was started anew."""
        return int(self.podman.inspect(self.container(name))["RestartCount"])

    def capturing(self) -> bool:
        """Whether a capture has taken evidence, and is not over."""
        found = (self.volumes / "loopcam-state" / "spool" / "incoming").glob("*/report/evidence/*")
        return any(file.stat().st_size for file in found)

    def runs(self, name: str = "loopcam") -> bool:
        """Whether a container does."""
        return self.podman.inspect(self.container(name))["State"]["Status"] == "running"

    def terminate(self) -> None:
        """What a deletion begins with: every container gets SIGTERM at once, and the grace is not over.

        `podman stop` ends the whole pod with the first that has ended: who is stopping counts as gone.
        """
        for name in ("loopcam", "autoscaler"):
            self.podman("kill", "--signal", "TERM", self.container(name))

    def remove(self) -> None:
        """End it."""
        self.podman.run(*self._removal())

    def leave(self) -> None:
        """Have it ended, without waiting."""
        self.podman.later(*self._removal())

    def _removal(self) -> tuple[str, ...]:
        return ("pod", "rm", "--force", "--time", "0", self.name)


class Play(Protocol):
    """Starts a pod of the example's chart; `state` is the volume of an earlier one."""

    def __call__(self, values: Mapping[str, object], state: Path | None = None) -> Pod: ...


def values(
    config: Mapping[str, object],
    *,
    env: Mapping[str, str],
    target: Mapping[str, str] | None = None,
    **loopcam: object,
) -> dict[str, Any]:
    """Values for the example: a target that stalls when a file in `shared` says so; `target` tells of it."""
    registry, _, tag = LOOPCAM.rpartition(":")
    image = {"repository": registry, "tag": tag, "pullPolicy": "Never"}
    program = {
        "STALL": "/shared/stall",
        "LOGS": "/shared/loop.log /tmp/loop.log",
        "LOOPCAM_SOCKET": "/run/loopcam/sockets/beat.sock",
        "LOOPCAM_TARGET": "beats",
        **(target or {}),
    }
    sidecar = {"image": image, "config": config, "env": _env(env), "logs": {"volume": "shared"}, **loopcam}
    return {
        "image": TARGET,
        "imagePullPolicy": "Never",
        "env": _env(program),
        "volumes": [{"name": "shared", "emptyDir": {}}],
        "volumeMounts": [{"name": "shared", "mountPath": "/shared"}],
        "loopcam": sidecar,
    }


LINES = {"start": "iteration starts", "end": "iteration done"}
SAME_USER: Mapping[str, object] = {"privilege": "sameUser", "runAsUser": 1000, "runAsGroup": 1000}
CAPABLE: Mapping[str, object] = {"privilege": "ptrace", "runAsUser": None, "runAsGroup": None}


def watched(name: str = "beats", source: object = "heartbeat", **options: object) -> dict[str, object]:
    """A target's configuration: the one program there is, told of by one source."""
    times = {"max_loop_time": "1s", "collection_time": "1s", "cooldown": "1h"}
    process = {"match": r"/app/autoscaler\.py"}
    return {"name": name, "process": process, "iterations": [source], **times, **options}


def _env(variables: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in variables.items()]


def fresh_name() -> str:
    """A name that no other run has."""
    return f"loopcam-test-{os.getpid()}-{os.urandom(3).hex()}"
