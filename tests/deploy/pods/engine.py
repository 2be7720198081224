"""podman on machines like these: runc under cgroup v1, limits that an ordinary root may set."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

RUNTIME = Path(__file__).with_name("runc-k8s")
DEADLINE_S = 300.0
Json = Any  # what podman prints

_SETTINGS = f"""
[containers]
default_ulimits = ["nofile=16384:16384", "nproc=16384:16384"]
[network]
network_backend = "netavark"
[engine]
runtime = "k8s"
cgroup_manager = "cgroupfs"
events_logger = "file"
[engine.runtimes]
k8s = ["{RUNTIME}"]
"""


class Podman:
    """Its command line, under settings of our own."""

    def __init__(self, folder: Path) -> None:
        settings = folder / "containers.conf"
        settings.write_text(_SETTINGS)
        self._folder = folder  # where conmon leaves a file when a container runs out of memory
        self._environment = {**os.environ, "CONTAINERS_CONF": str(settings), "BUILDAH_RUNTIME": "runc"}
        self._going_on: list[subprocess.Popen[bytes]] = []

    def __call__(self, *arguments: str, data: bytes | None = None) -> str:
        """Run one command to its end, and give what it prints; it must succeed."""
        done = self.run(*arguments, data=data)
        assert done.returncode == 0, f"podman {' '.join(arguments)}: {done.stderr.decode()}"
        return done.stdout.decode().strip()

    def run(self, *arguments: str, data: bytes | None = None) -> "subprocess.CompletedProcess[bytes]":
        """The same, however it ends."""
        argv = ["podman", *arguments]
        return subprocess.run(
            argv,
            input=data,
            cwd=self._folder,
            env=self._environment,
            capture_output=True,
            timeout=DEADLINE_S,
            check=False,
        )

    def start(self, *arguments: str, **options: Any) -> "subprocess.Popen[bytes]":
        """A command that goes on."""
        return subprocess.Popen(["podman", *arguments], cwd=self._folder, env=self._environment, **options)

    def later(self, *arguments: str) -> None:
        """Begin a command that nobody waits for, until `finish`."""
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self._going_on.append(self.start(*arguments, **quiet))

    def finish(self) -> None:
        """Wait for what was begun."""
        for one in self._going_on:
            one.wait(DEADLINE_S)

    def inspect(self, name: str) -> Json:
        """What it knows of a container."""
        return json.loads(self("container", "inspect", name))[0]

    def has_image(self, name: str) -> bool:
        """Whether an image is there."""
        return self.run("image", "exists", name).returncode == 0

    def build(self, context: Path, name: str, arguments: Mapping[str, str]) -> None:
        """Build an image; what was built before is taken from podman's cache."""
        given = [f"--build-arg={key}={value}" for key, value in arguments.items()]
        self("build", "--quiet", "--pull=never", *given, "--tag", name, str(context))
