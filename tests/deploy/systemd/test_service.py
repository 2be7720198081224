"""loopcam as a service: it starts, watches another unit, reloads, hangs and is restarted, and stops."""

import pytest

from tests.daemon import until
from tests.deploy.systemd.machine import Machine
from tests.deploy.systemd.service import DEPLOY, Services


def test_a_stall_of_another_unit_is_captured_and_its_restart_followed(service: Services) -> None:
    scaler = service("scaler")
    scaler.configure()
    scaler.start()
    until(lambda: scaler.status() == "watching scaler", "it says what it does")
    assert "stalled_here" in scaler.captured()
    first = scaler.target()["pid"]
    scaler.machine.run("systemctl", "restart", scaler.worker)
    until(lambda: scaler.target()["pid"] not in (None, first), "the new process is found")
    scaler.turns()
    assert "stalled_here" in scaler.captured()


def test_how_long_an_iteration_runs_is_told(service: Services) -> None:
    slow = service("slow")
    slow.configure({"name": "slow", "process": {"systemd": f"{slow.worker}.service"}, "max_loop_time": "40s"})
    slow.start()
    slow.stall(on=True)
    told = [f"watching slow, iteration {age_s} s of 40 s" for age_s in range(2, 40, 2)]
    until(lambda: slow.status() in told, "its age")


def test_a_daemon_that_hangs_is_killed_and_started_again(service: Services, machine: Machine) -> None:
    hung = service("hung")
    hung.configure()
    hung.drop_in("[Service]\nWatchdogSec=5s\nRestartSec=200ms\n")
    hung.start()
    pid = machine.property(hung.unit, "MainPID")
    machine.run("kill", "-STOP", pid)
    until(lambda: machine.property(hung.unit, "NRestarts") != "0", "the watchdog bites")
    until(lambda: machine.property(hung.unit, "ActiveState") == "active", "it is back")
    assert machine.property(hung.unit, "MainPID") not in ("0", pid)
    machine.hears(hung.unit, "Watchdog timeout")
    machine.hears(hung.unit, "Fatal Python error: Aborted")  # and where it hung
    hung.turns()


def test_a_bad_configuration_is_refused_and_the_old_one_stays(service: Services, machine: Machine) -> None:
    steady = service("steady")
    steady.configure()
    steady.start()
    pid = machine.property(steady.unit, "MainPID")
    steady.write("targets: nobody\n")
    machine.run("systemctl", "reload", steady.unit)
    refused = "watching steady; the new configuration was refused, the old one stays"
    until(lambda: steady.status() == refused, "it says so")
    assert machine.property(steady.unit, "ActiveState") == "active"
    told = machine.hears(steady.unit, "configuration refused")
    assert told["PRIORITY"] == "3"
    assert told["MESSAGE"].startswith("error: configuration refused, the old one stays")
    steady.configure()
    machine.run("systemctl", "reload", steady.unit)
    until(lambda: steady.status() == "watching steady", "the good one is taken up")
    assert machine.property(steady.unit, "MainPID") == pid


def test_what_was_taken_before_a_stop_is_kept_and_delivered(service: Services, machine: Machine) -> None:
    ending = service("ending")
    target = {
        "name": "ending",
        "process": {"systemd": ending.worker},
        "collection_time": "10m",
        "cooldown": "1h",
    }
    ending.configure(target)
    ending.start()
    ending.stall(on=True)
    dumps = ending.state / "spool" / "incoming"
    until(lambda: len(list(dumps.glob("*/report/evidence/*.dump.json"))) > 1, "it records")
    machine.run("systemctl", "stop", ending.unit)
    assert machine.property(ending.unit, "Result") == "success"
    stopping, kept = machine.hears(ending.unit, "stopping"), machine.hears(ending.unit, "report accepted")
    took_us = int(kept["__MONOTONIC_TIMESTAMP"]) - int(stopping["__MONOTONIC_TIMESTAMP"])
    assert took_us < 2_000_000, "evidence is durable within 2 s"
    (report,) = ending.reports()
    assert "stalled_here" in (report / "profile.collapsed").read_text()


def test_a_stop_that_still_delivers_gets_the_time_it_asks_for(service: Services, machine: Machine) -> None:
    slow = service("undelivered")
    mute = "import socket, time; server = socket.create_server(('127.0.0.1', 9999)); time.sleep(3600)"
    machine.run("systemd-run", "--unit=mute", "--collect", "python3", "-c", mute)
    slow.configure(sinks=[{"http": {"url": "http://127.0.0.1:9999/reports"}}], shutdown_grace="6s")
    slow.drop_in("[Service]\nTimeoutStopSec=2s\n")
    slow.start()
    slow.stall(on=True)
    drawn = slow.state / "spool/reports"
    until(lambda: list(drawn.glob("*/report/manifest.json")), "the report is drawn, and on its way")
    machine.run("systemctl", "stop", slow.unit)
    machine.run("systemctl", "stop", "mute")
    machine.hears(slow.unit, "not all delivered within the grace")
    assert machine.property(slow.unit, "Result") == "success"
    assert list(drawn.glob("*/report/manifest.json"))


def test_a_wrong_configuration_at_the_start_is_not_tried_again(service: Services, machine: Machine) -> None:
    wrong = service("wrong")
    wrong.write("targets: nobody\n")
    assert machine.run("systemctl", "start", wrong.unit, check=False).returncode
    assert machine.property(wrong.unit, "ExecMainStatus") == "78"
    assert machine.property(wrong.unit, "ActiveState") == "failed"
    assert machine.property(wrong.unit, "NRestarts") == "0"


def test_a_blocking_sampler_works_with_its_drop_in_alone(service: Services, machine: Machine) -> None:
    blocked = service("blocked")
    target = {
        "name": "blocked",
        "process": {"systemd": blocked.worker},
        "captures_per_hour": 3600,
        "captures_per_signature": 3600,
    }
    blocked.configure({**target, "collectors": [{"pyspy": {"blocking": True}}]})
    blocked.start()
    blocked.stall(on=True)
    machine.hears(blocked.unit, "seccomp forbids ptrace")
    blocked.stall(on=False)
    blocked.drop_in((DEPLOY / "blocking.conf").read_text())
    machine.run("systemctl", "restart", blocked.unit)
    blocked.turns()
    assert "stalled_here" in blocked.captured()


@pytest.mark.parametrize(
    ("name", "log", "where"),
    [
        ("journal", "-", {"journal": "worker-journal.service"}),
        (
            "file",
            "/tmp/turns.log",
            {"path": "target:/tmp/turns.log"},
        ),  # its own: DynamicUser= has a private /tmp
    ],
)
def test_iterations_are_known_by_the_service_s_log(
    service: Services, machine: Machine, name: str, log: str, where: dict[str, str]
) -> None:
    logging = service(name, log)
    source = {"log": {**where, "start": "turn start", "end": "turn end"}}
    logging.configure({"name": name, "process": {"systemd": logging.worker}, "iterations": [source]})
    logging.drop_in((DEPLOY / "journal.conf").read_text())
    logging.start()
    assert "stalled_here" in logging.captured()
