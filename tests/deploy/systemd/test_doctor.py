"""`loopcam doctor` in units of a booted systemd: the lines that it tells are those that mend it."""

import json
from collections.abc import Iterator

import pytest

from tests.daemon import Json
from tests.deploy.systemd.machine import Machine

TARGET = "doctors-target"


@pytest.fixture
def pid(machine: Machine) -> Iterator[str]:
    """A Python of another user."""
    loop = "import time\nwhile True: time.sleep(0.1)"
    settings = ("-p", "User=nobody", "-p", "Type=exec")  # begun when it is that user's
    machine.run("systemd-run", "--unit", TARGET, *settings, "/usr/bin/python3", "-c", loop)
    try:
        yield machine.property(TARGET, "MainPID")
    finally:
        machine.run("systemctl", "stop", TARGET)


def doctor(machine: Machine, pid: str, *settings: str) -> Json:
    """What it says as a unit with these settings."""
    given = [word for setting in settings for word in ("-p", setting)]
    command = ("/opt/loopcam/bin/loopcam", "doctor", "--json", "--pid", pid)
    done = machine.run("systemd-run", "--quiet", "--wait", "--pipe", *given, *command, check=False)
    return json.loads(done.stdout)


def test_a_unit_is_told_the_lines_of_a_unit_and_they_mend_it(machine: Machine, pid: str) -> None:
    said = doctor(machine, pid, "User=loopcam")
    assert (said["works"], said["place"]) == (False, "systemd")
    (problem,) = [one for one in said["findings"] if one["level"] == "problem"]
    assert problem["check"] == "user"
    _, _, told = said["headline"].partition(", add ")
    assert told.startswith("User=")
    assert doctor(machine, pid, *told.split("; "))["headline"] == f"READY: process {pid}, py-spy"
    lines = next(one for one in said["findings"] if one["check"] == "capabilities")["remedy"]["systemd"]
    settings = [line for line in lines.splitlines() if not line.startswith("[")]
    assert doctor(machine, pid, "User=loopcam", *settings)["works"]
