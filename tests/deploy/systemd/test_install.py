"""install.sh: one command to a running service, again and again, and away with all of it."""

import shutil
import subprocess
from pathlib import Path

import pytest

from daemon.config.load import parse
from tests.deploy.systemd.conftest import install
from tests.deploy.systemd.machine import Machine
from tests.deploy.systemd.service import DEPLOY
from tests.prerequisites import require

FIRST = "[Service]\nExecStart=/bin/sleep 1000\n"


def test_one_command_gives_a_running_service(machine: Machine) -> None:
    machine.write("/etc/systemd/system/First@1.service", FIRST)
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "start", "First@1")
    config = machine.root / "etc/loopcam/loopcam.yaml"
    # over the installation that is there: it is an upgrade, too
    wanted = ("--unit", "First@1", "--max-loop-time", "90s", "--start")
    try:
        assert 'Status: "watching first-1' in install(machine, *wanted)
        assert machine.property("loopcam", "ActiveState") == "active"
        assert machine.property("loopcam", "UnitFileState") == "enabled"
        assert "max_loop_time: 90s" in config.read_text()
        assert machine.run("loopcam", "check", "/etc/loopcam/loopcam.yaml").stdout.startswith("/etc/loopcam")
    finally:
        machine.run("systemctl", "disable", "--now", "loopcam", "First@1")
        config.unlink(missing_ok=True)


def test_uninstalled_nothing_of_it_is_left_but_configuration_and_reports(machine: Machine) -> None:
    machine.run("cp", "-a", "/opt/loopcam", "/opt/kept")
    machine.write("/etc/loopcam/kept.yaml", "targets: []\n")
    try:
        install(machine, "--uninstall")
        units = [*(machine.root / "etc/systemd/system").glob("loopcam*")]
        assert units == []
        assert not (machine.root / "opt/loopcam").exists()
        assert machine.run("sh", "-c", "command -v loopcam", check=False).returncode
        assert (machine.root / "etc/loopcam/kept.yaml").exists()
        install(machine, "--uninstall", "--purge")
        assert not (machine.root / "etc/loopcam").exists()
        assert machine.run("id", "loopcam", check=False).returncode
    finally:
        machine.run("mv", "/opt/kept", "/opt/loopcam")
        install(machine)


def test_a_package_gets_units_and_configuration_below_its_folder(tmp_path: Path) -> None:
    script = [DEPLOY / "install.sh", "--destdir", tmp_path, "--prefix", "/usr/lib/loopcam"]
    subprocess.run([*script, "--unit", "scaler"], check=True, capture_output=True)
    unit = (tmp_path / "etc/systemd/system/loopcam.service").read_text()
    assert "ExecStart=/usr/lib/loopcam/bin/loopcam run --config /etc/loopcam/loopcam.yaml" in unit
    assert "{systemd: scaler}" in (tmp_path / "etc/loopcam/loopcam.yaml").read_text()
    subprocess.run([*script, "--unit", "other"], check=True, capture_output=True)
    assert "{systemd: scaler}" in (tmp_path / "etc/loopcam/loopcam.yaml").read_text(), "what is there stays"
    subprocess.run([*script, "--uninstall", "--purge"], check=True, capture_output=True)
    assert [one for one in tmp_path.rglob("*") if one.is_file()] == []


def test_wrong_options_are_told() -> None:
    for arguments, words in (
        (["--unti", "x"], "unknown option --unti"),
        (["--unit"], "--unit needs a value"),
        (["--unit", "a|b"], "--unit a|b: write /etc/loopcam/loopcam.yaml by hand"),
        (["--max-loop-time", "2 m"], "--max-loop-time 2 m: a duration such as 2m"),
        (["--prefix", "/", "--uninstall"], "--prefix /: an absolute path below a folder"),
    ):
        done = subprocess.run([DEPLOY / "install.sh", *arguments], capture_output=True, text=True)
        assert done.returncode == 1
        assert words in done.stderr


def test_the_script_is_clean() -> None:
    require("shellcheck")
    done = subprocess.run(["shellcheck", DEPLOY / "install.sh"], capture_output=True, text=True)
    assert done.stdout == ""


def test_the_units_are_right_and_shut_in(machine: Machine, tmp_path: Path) -> None:
    """As systemd itself sees them, here and in the machine; 2.0 is the most of exposure."""
    units = ("loopcam.service", "loopcam@.service")
    machine.run("systemd-analyze", "verify", *(f"/etc/systemd/system/{unit}" for unit in units))
    for unit in units:
        file = f"/etc/systemd/system/{unit}"
        machine.run("systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", file)
        shutil.copy(DEPLOY / unit, tmp_path)
        here = ["systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager"]
        subprocess.run([*here, tmp_path / unit], check=True, capture_output=True)


def test_both_units_say_the_same() -> None:
    """But for what an instance has of its own."""
    one, many = ((DEPLOY / name).read_text().splitlines() for name in ("loopcam.service", "loopcam@.service"))
    different = set(one) ^ set(many)
    assert {line.partition("=")[0] for line in different if not line.startswith("#")} == {
        "Description",
        "ExecStart",
        "StateDirectory",
        "RuntimeDirectory",
    }


@pytest.mark.parametrize("name", ["loopcam.yaml", "instance.yaml"])
def test_the_configurations_are_good(name: str) -> None:
    folders = {"STATE_DIRECTORY": "/var/lib/loopcam/x", "RUNTIME_DIRECTORY": "/run/loopcam/x"}
    (target,) = parse((DEPLOY / name).read_text(), name, folders).targets
    assert target.process.unit == "cluster-autoscaler.service"
