"""The rules are sound, tested one by one, documented, and one reaches a person with its report's place."""

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.daemon import until
from tests.deploy.prometheus.conftest import DEPLOY, LABELS, OPERATIONS, Observed
from tests.prerequisites import require

RULES = DEPLOY / "prometheus" / "rules.yaml"
TESTS = DEPLOY / "prometheus" / "rules.test.yaml"
ALERTS = [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


def run(*argv: str) -> str:
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_promtool_finds_nothing_to_complain_about() -> None:
    require("promtool")
    said = run("promtool", "check", "rules", "--lint=all", "--lint-fatal", str(RULES))
    assert f"{len(ALERTS)} rules found" in said


def test_each_alert_fires_for_its_reason_and_none_for_a_standby_or_when_all_is_well() -> None:
    require("promtool")
    run("promtool", "test", "rules", str(TESTS))
    tested = [
        one for test in yaml.safe_load(TESTS.read_text())["tests"] for one in test.get("alert_rule_test", ())
    ]
    fires = {one["alertname"] for one in tested if one["exp_alerts"]}
    quiet = {one["alertname"] for one in tested if not one["exp_alerts"]}
    assert fires == quiet == {rule["alert"] for rule in ALERTS}


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_an_alert_says_what_it_is_where_the_report_is_and_what_to_do(rule: dict[str, dict[str, str]]) -> None:
    assert rule["labels"] == {"severity": "warning"}
    about = {"verdict"} if str(rule["alert"]).startswith("LoopcamOverr") else set()  # why a stall was one
    assert set(rule["annotations"]) == {"summary", "description", "report", "runbook"} | about
    page, _, anchor = rule["annotations"]["runbook"].partition("#")
    assert (DEPLOY.parent / page, anchor) == (OPERATIONS, str(rule["alert"]).lower())
    assert f"### {rule['alert']}\n" in OPERATIONS.read_text()


def test_the_documented_command_makes_a_prometheus_rule_of_them(tmp_path: Path) -> None:
    (command,) = re.findall(r"```sh\n(\{ printf .*?)```", OPERATIONS.read_text(), re.DOTALL)
    written = subprocess.run(
        ["sh", "-c", command.partition(" | kubectl")[0]], cwd=DEPLOY.parent, capture_output=True
    )
    made = yaml.safe_load(written.stdout)
    assert made["kind"] == "PrometheusRule"
    assert made["spec"] == yaml.safe_load(RULES.read_text())


def test_the_example_of_alertmanager_is_sound() -> None:
    require("amtool")
    run("amtool", "check-config", str(DEPLOY / "alertmanager" / "alertmanager.yaml"))


def test_the_series_that_alerts_compare_say_what_the_daemon_goes_by(observed: Observed) -> None:
    cam = observed.cam
    assert cam.metric("loopcam_iteration_threshold_seconds", target="second") == 0.2
    assert cam.metric("loopcam_iteration_in_flight_seconds", target="second") > 0.2
    assert cam.metric("loopcam_spool_limit_bytes") == 2 * 2**30
    assert cam.metric("loopcam_spool_limit_reports") == 1000
    assert cam.metric("loopcam_spool_bytes") > 0
    assert cam.metric("loopcam_spool_owed_bytes") == cam.metric("loopcam_spool_owed_reports") == 0
    assert cam.metric("loopcam_spool_disk_free_bytes") > 0


def test_a_stall_reaches_the_receiver_with_the_place_of_its_report(observed: Observed) -> None:
    (stored,) = [
        labels["location"] for labels, _ in observed.cam.samples("loopcam_last_report_info", target="second")
    ]

    def told() -> dict[str, dict[str, str]] | None:
        """It is told anew as the report comes to be known."""
        for request in list(observed.receiver.requests):
            for alert in json.loads(request.body)["alerts"]:
                about = alert["labels"], alert["annotations"]["report"]
                if about[0]["alertname"] == "LoopcamOverrunning" and about[1] == stored:
                    found: dict[str, dict[str, str]] = alert
                    return found
        return None

    alert = until(told, f"an alert with {stored}")
    assert alert is not None
    named = {name: value for name, value in LABELS.items() if name != "pod"}  # one alert for all replicas
    assert alert["labels"] == {
        **named,
        "alertname": "LoopcamOverrunning",
        "job": "loopcam",
        "severity": "warning",
        "target": "second",
    }
    assert alert["annotations"]["summary"].startswith("second is stuck: an iteration has run for ")
    assert Path(stored, "manifest.json").exists()
