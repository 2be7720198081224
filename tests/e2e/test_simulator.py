"""The load simulator as a user sees it: a real API, a real loop, a real daemon, and what is demanded."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from daemon.demo.children import free_port
from daemon.demo.simulator.simulation import TARGET
from model.verdict import Cause
from tests.daemon import loopcam, until, whole_reports
from tests.prerequisites import require
from tests.prometheus import ask, prometheus
from tests.reports import assert_valid_report

SMALL = ("--nodes=5", "--pods=40", "--rest=100ms", "--max-loop-time=500ms", "--cooldown=1s")
THROTTLED = ("--throttle=24/m", "--api-latency=10ms")
SLOW = ("--api-latency=1200ms",)


def simulated(tmp_path: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    require("ptrace")
    return loopcam("demo", *SMALL, "--out", str(tmp_path / "out"), *options)


@pytest.mark.parametrize(
    ("load", "cause"), [(THROTTLED, Cause.BACKOFF), (SLOW, Cause.NETWORK_WAIT)], ids=["throttled", "slow"]
)
def test_the_api_makes_iterations_slow_and_reports_say_how(
    load: tuple[str, ...], cause: Cause, tmp_path: Path
) -> None:
    told = tmp_path / "told.json"
    demanded = ("--sla=overruns=0", "--sla=missed=0", "--sla=undelivered=0", "--sla=zombies=0")
    done = simulated(tmp_path, *load, "--for=9s", "--interval=1s", f"--json={told}", *demanded)
    assert done.returncode == 3, done.stdout + done.stderr
    assert re.search(r"^ +\ds: \d+ iterations?", done.stdout, re.MULTILINE), done.stdout
    assert [line for line in done.stdout.splitlines() if line.endswith("BROKEN")] == [
        line for line in done.stdout.splitlines() if line.startswith("SLA           overruns=0: ")
    ]
    reports = [assert_valid_report(folder) for folder in whole_reports(tmp_path / "out" / "reports")]
    assert cause in {one.verdict.cause for one in reports if one.verdict}, done.stdout
    whole = json.loads(told.read_text())
    last = whole["looks"][-1]
    assert whole["iterations"] > 0
    assert last["seen"]["captures"] == last["seen"]["delivered"] == len(reports)
    assert last["api"]["throttled"] > 0 if cause is Cause.BACKOFF else whole["durations"]["p50_s"] > 1.4


def test_prometheus_sees_it_move_through_outages_and_ctrl_c_ends_it_with_the_summary(tmp_path: Path) -> None:
    require("prometheus")
    port = free_port()
    chaos = ("--scenario=upgrade", "--outage=1s/3s", "--node-failures=60/m", "--error-rate=20%")
    with (
        serving(tmp_path, f"--port={port}", *chaos) as running,
        prometheus(*scraping(tmp_path, port)) as there,
    ):
        until(lambda: value(there, "loopcam_iterations_total") > 3, "iterations are scraped")
        first = value(there, "loopcam_iterations_total")
        until(lambda: value(there, "loopcam_iterations_total") > first, "they go on")
        until(lambda: value(there, "loopcam_overruns_total") > 0, "an outage makes one overrun")
        until(
            lambda: value(there, 'loopcam_deliveries_total{result="delivered"}') > 0, "its report is stored"
        )
        running.send_signal(signal.SIGINT)
        said, _ = running.communicate(timeout=60)
        assert running.returncode == 0, said
    assert "\nIterations    " in said
    assert "\nSLA           zombies=0: 0\n" in said
    assert not_ended(str(tmp_path)) == []


@contextmanager
def serving(tmp_path: Path, *options: str) -> Iterator["subprocess.Popen[str]"]:
    argv = [sys.executable, "-m", "daemon", "demo", *SMALL, "--out", str(tmp_path / "out"), "--serve"]
    with subprocess.Popen(
        [*argv, "--interval=1s", "--sla=zombies=0", *options], stdout=subprocess.PIPE, text=True
    ) as running:
        try:
            yield running
        finally:
            running.send_signal(signal.SIGINT)
            running.communicate()


def scraping(tmp_path: Path, port: int) -> tuple[Path, dict[str, object]]:
    place = tmp_path / "prometheus"
    place.mkdir()
    job = {"job_name": "loopcam", "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}
    return place, {"global": {"scrape_interval": "1s"}, "scrape_configs": [job]}


def value(port: int, query: str) -> float:
    found = ask(port, "query", query=f"sum({query})")["result"]
    return float(found[0]["value"][1]) if found else 0.0


def not_ended(words: str) -> list[str]:
    """Processes of ours with these words or the target's name in their command lines."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            line = Path(f"/proc/{name}/cmdline").read_text().replace("\0", " ")
        except OSError:  # ended meanwhile
            continue
        if words in line and ("daemon run" in line or TARGET in line):
            found.append(line)
    return found
