"""A daemon whose targets overran, a Prometheus with our rules that scrapes it, and an Alertmanager."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.daemon import Daemon, daemon, looping, target, until
from tests.prerequisites import require
from tests.prometheus import alertmanager, ask, prometheus
from tests.servers import Scripted, reply, scripted

DEPLOY = Path(__file__).parents[3] / "deploy"
OPERATIONS = DEPLOY.parent / "docs" / "operations.md"
LABELS = {"cluster": "west", "namespace": "kube-system", "pod": "scaler-0"}


@dataclass
class Observed:
    """The daemon, Prometheus' port, and who receives alerts. `second` is still in flight, and too old."""

    cam: Daemon
    port: int
    receiver: Scripted


@pytest.fixture(scope="session")
def observed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Observed]:
    """Made once for all tests: they only look."""
    require("ptrace", "prometheus", "prometheus-alertmanager")
    folder = tmp_path_factory.mktemp("observed")
    with looping() as stuck, daemon(folder, target("first", stuck.pid), target("second", stuck.pid)) as cam:
        cam.finds("first", "second")
        with (
            scripted(reply(200)) as receiver,
            _alerting(folder, receiver) as alerts_port,
            prometheus(*_scraping(folder, cam, alerts_port)) as port,
        ):
            one = Observed(cam, port, receiver)
            _overrun(one)
            yield one


def _alerting(folder: Path, receiver: Scripted) -> AbstractContextManager[int]:
    """Our example, with its placeholder filled in, and quicker."""
    place = folder / "alertmanager"
    place.mkdir()
    text = (DEPLOY / "alertmanager" / "alertmanager.yaml").read_text()
    text = text.replace("http://alerts.example/loopcam", receiver.url)
    # Quicker, and told again: a report may become known after an alert was told first
    for name, usual in {"group_wait": "30s", "group_interval": "5m", "repeat_interval": "12h"}.items():
        assert f" {name}: {usual}\n" in text
        text = text.replace(f" {name}: {usual}\n", f" {name}: 1s\n")
    (place / "alertmanager.yaml").write_text(text)
    return alertmanager(place, place / "alertmanager.yaml")


def _scraping(folder: Path, cam: Daemon, alerts_port: int) -> tuple[Path, dict[str, object], str]:
    """Our rules, made quick by the command that docs/operations.md has for a drill."""
    place = folder / "prometheus"
    place.mkdir()
    (command,) = re.findall(r"^sed (.*rules\.yaml) > drill\.yaml$", OPERATIONS.read_text(), re.MULTILINE)
    made = subprocess.run(["sh", "-c", f"sed {command}"], cwd=DEPLOY.parent, capture_output=True, check=True)
    (place / "rules.yaml").write_bytes(made.stdout)
    scraped = {"targets": [cam.url.removeprefix("http://")], "labels": LABELS}
    configuration = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(place / "rules.yaml")],
        "scrape_configs": [{"job_name": "loopcam", "static_configs": [scraped]}],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [f"127.0.0.1:{alerts_port}"]}]}]},
    }
    return place, configuration, "--rules.alert.resend-delay=2s"


def _overrun(one: Observed) -> None:
    """The first overruns and ends; once that was scraped, the second does and stays in flight."""
    iterations = "loopcam_iterations_total"
    until(lambda: ask(one.port, "query", query=iterations)["result"], "Prometheus scrapes the daemon")
    for name in ("first", "second"):
        one.cam.beat("start", name, "1")
        one.cam.beat("end", name, "1")
    one.cam.beat("start", "first", "2")
    until(lambda: one.cam.metric("loopcam_deliveries_total", result="delivered") == 1, "a report is stored")
    one.cam.beat("end", "first", "2")
    first = 'loopcam_deliveries_total{result="delivered"} == 1'
    until(lambda: ask(one.port, "query", query=first)["result"], "Prometheus has seen it")
    one.cam.beat("start", "second", "2")
    second = (
        'increase(loopcam_deliveries_total{result="delivered"}[1m]) > 0 and loopcam_deliveries_total == 2'
    )
    until(lambda: ask(one.port, "query", query=second)["result"], "Prometheus has seen the other, too")
