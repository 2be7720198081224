"""loopcam@NAME.service in a machine, and the service that it watches."""

import contextlib
import json
import socket
import uuid
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from tests.daemon import until, whole_reports
from tests.deploy.systemd.machine import Machine
from tests.deploy.systemd.wheels import ROOT
from tests.reports import assert_valid_report

WORKER = "/tests/worker.py"
DEPLOY = ROOT / "deploy" / "systemd"


class Service:
    """An instance of the template, with a worker of the same name; nothing runs yet."""

    def __init__(self, machine: Machine, name: str, log: str = "") -> None:
        self.machine = machine
        self.name = name
        self.unit = f"loopcam@{name}.service"
        self.worker = f"worker-{name}"
        self._stall = f"/run/stall-{name}"
        self.machine.write(
            f"/etc/systemd/system/{self.worker}.service",
            f"[Service]\nDynamicUser=yes\nRestart=always\nRestartSec=100ms\n"
            f"ExecStart=/usr/bin/python3 {WORKER} {name} {self.socket} {self._stall} {log}\n",
        )

    @property
    def socket(self) -> str:
        """Where heartbeats are heard."""
        return f"/run/loopcam/{self.name}/beat.sock"

    @property
    def state(self) -> Path:
        """Its StateDirectory."""
        return self.machine.root / "var/lib/loopcam" / self.name

    def configure(self, *targets: dict[str, object], **options: object) -> None:
        """Write its configuration; without targets, of the worker."""
        times = {"max_loop_time": "300ms", "collection_time": "1s", "cooldown": "1s"}
        worker = {
            "name": self.name,
            "process": {"systemd": self.worker},
            "captures_per_hour": 3600,
            "captures_per_signature": 3600,
        }
        made: dict[str, object] = {
            "listen": None,
            "targets": [{**times, **one} for one in targets or (worker,)],
            "unix": {
                "http": "${RUNTIME_DIRECTORY}/http.sock",
                "datagram": "${RUNTIME_DIRECTORY}/beat.sock",
                "mode": "0666",
            },
            "spool": {"path": "${STATE_DIRECTORY}/spool"},
            "sinks": [{"file": {"path": "${STATE_DIRECTORY}/reports"}}],
            **options,
        }
        self.write(json.dumps(made))

    def write(self, text: str) -> None:
        """Write its configuration as text."""
        self.machine.write(f"/etc/loopcam/{self.name}.yaml", text)

    def start(self) -> None:
        """Start the worker and loopcam, and wait until a turn of the loop was seen."""
        self.machine.run("systemctl", "daemon-reload")
        self.machine.run("systemctl", "start", self.worker, self.unit)
        self.turns()

    def turns(self) -> None:
        """Wait until the worker's loop is seen to turn."""
        until(lambda: self.target()["iterations"], "an iteration ends")

    def stall(self, *, on: bool) -> None:
        """Have the worker stall, or go on."""
        place = self.machine.root / self._stall.removeprefix("/")
        place.touch() if on else place.unlink(missing_ok=True)

    def status(self) -> str:
        """The text that systemctl shows."""
        return self.machine.property(self.unit, "StatusText")

    def target(self, name: str = "") -> dict[str, Any]:
        """The daemon's own word on a target."""
        connection = _Connection(self.machine.root / "run/loopcam" / self.name / "http.sock")
        with contextlib.closing(connection):
            connection.request("GET", "/v1/status", headers={"Host": "localhost"})
            told = json.loads(connection.getresponse().read())
        return next(one for one in told["targets"] if one["name"] == (name or self.name))

    def reports(self) -> list[Path]:
        """Whole reports that were stored, each checked."""
        whole = whole_reports(self.state / "reports")
        for one in whole:
            assert_valid_report(one)
        return whole

    def captured(self) -> str:
        """Have the worker stall until a report of it is stored; what the report shows."""
        before = set(self.reports())
        self.stall(on=True)
        until(lambda: self.status() == f"capturing {self.name}", "a capture is told")
        (report,) = until(lambda: set(self.reports()) - before, "a report is stored")
        self.stall(on=False)
        shown = (report / "profile.collapsed").read_text()
        assert shown, (report / "stacks.txt").read_text()
        return shown

    def drop_in(self, text: str) -> None:
        """Add to its unit; in force from its next start on."""
        self.machine.write(f"/run/systemd/system/{self.unit}.d/{uuid.uuid4().hex}.conf", text)
        self.machine.run("systemctl", "daemon-reload")

    def end(self) -> None:
        """Stop both, and leave nothing that a later test could see."""
        self.stall(on=False)
        self.machine.run("systemctl", "kill", "--signal=CONT", self.unit, check=False)
        self.machine.run("systemctl", "stop", self.unit, self.worker)
        self.machine.run("systemctl", "reset-failed", check=False)


Services = Callable[..., Service]  # by a name, and where its worker logs


class _Connection(HTTPConnection):
    """HTTP over a Unix socket, here one within the machine."""

    def __init__(self, place: Path) -> None:
        super().__init__("localhost", timeout=30)
        self._place = place

    def connect(self) -> None:
        """The kernel tells the daemon that it is root who asks."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._place))
