import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from daemon.telemetry.series import DELIVERY_RESULTS, TARGET_STATES, Telemetry
from model.capture import Outcome
from model.events import Refusal
from tests.prerequisites import require

DOCUMENT = Path(__file__).parents[2] / "docs" / "metrics.md"
OPENMETRICS = "application/openmetrics-text; version=1.0.0"
HOSTILE = 'a"b\\c\nloopcam_forged 1\n# HELP x'

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def samples(telemetry: Telemetry) -> Samples:
    text = telemetry.writer()[0]().decode()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(telemetry: Telemetry, name: str, **labels: str) -> float | None:
    return samples(telemetry).get((name, frozenset(labels.items())))


def with_everything() -> Telemetry:
    telemetry = Telemetry("1.2.3")
    telemetry.add_target("loop")
    telemetry.add_sink("s3")
    telemetry.add_notification("webhook")
    telemetry.verdicts.labels("loop", "dns", "high").inc()
    telemetry.set_last_verdict("loop", "dns", "high", "dns-1a2b")
    telemetry.events.labels("loop", "heartbeat", "start").inc()
    telemetry.set_sources("loop", {"log": True})
    telemetry.stale_events.labels("loop", "log").inc()
    telemetry.log_gaps.labels("loop", "log").inc()
    telemetry.damaged_places.labels("loop", "log").inc()
    telemetry.stray_events.labels("loop", "late_start").inc()
    telemetry.capture_notes.labels("loop", "adopted").inc()
    telemetry.collector_s.labels("pyspy").observe(1)
    telemetry.iteration_threshold_s.labels("loop").set(60)
    telemetry.target_unheard.labels("loop").set(0)
    telemetry.set_capture_possible("loop")
    telemetry.set_last_report("loop", "id-1", "/reports/id-1")
    return telemetry


def test_a_targets_series_start_at_zero() -> None:
    telemetry = Telemetry("1.2.3")
    telemetry.add_target("loop")
    for refusal in Refusal:
        assert value(telemetry, "loopcam_refusals_total", target="loop", reason=refusal) == 0
    for outcome in set(Outcome) - {Outcome.NOTHING}:
        assert value(telemetry, "loopcam_captures_total", target="loop", outcome=outcome) == 0
    assert value(telemetry, "loopcam_iterations_total", target="loop") == 0
    assert value(telemetry, "loopcam_overruns_total", target="loop", certainty="certain") == 0
    assert value(telemetry, "loopcam_target_state", target="loop", state="waiting") == 1


def test_a_sinks_series_start_at_zero() -> None:
    telemetry = Telemetry("1.2.3")
    telemetry.add_sink("s3")
    assert value(telemetry, "loopcam_delivery_dead", sink="s3") == 0
    assert value(telemetry, "loopcam_delivery_pending", sink="s3") == 0
    for result in DELIVERY_RESULTS:
        assert value(telemetry, "loopcam_deliveries_total", sink="s3", result=result) == 0


def test_a_source_that_is_no_longer_configured_takes_its_series_along() -> None:
    telemetry = with_everything()
    telemetry.set_sources("loop", {"log": False, "heartbeat": True})
    assert value(telemetry, "loopcam_source_up", target="loop", source="log") == 0
    assert value(telemetry, "loopcam_source_up", target="loop", source="heartbeat") == 1
    telemetry.set_sources("loop", {"heartbeat": True})
    assert value(telemetry, "loopcam_source_up", target="loop", source="log") is None
    assert value(telemetry, "loopcam_log_gaps_total", target="loop", source="log") is None
    assert value(telemetry, "loopcam_source_up", target="loop", source="heartbeat") == 1
    assert value(telemetry, "loopcam_iterations_total", target="loop") == 0


def test_a_target_that_is_configured_again_counts_again() -> None:
    telemetry = with_everything()
    telemetry.events.labels("loop", "log", "start").inc()
    telemetry.remove_targets({"loop"})
    telemetry.events.labels("loop", "log", "start").inc()
    assert value(telemetry, "loopcam_events_total", target="loop", source="log", event="start") == 1


def test_a_logs_series_start_at_zero() -> None:
    telemetry = Telemetry("1.2.3")
    telemetry.add_log("loop", "log")
    for name in (
        "stale_events",
        "log_gaps",
        "damaged_places",
        "log_lines_truncated",
        "log_patterns_disabled",
    ):
        assert value(telemetry, f"loopcam_{name}_total", target="loop", source="log") == 0


@pytest.mark.parametrize("state", TARGET_STATES)
def test_a_target_is_in_one_state(state: str) -> None:
    telemetry = Telemetry("1.2.3")
    telemetry.add_target("loop")
    telemetry.set_target_state("loop", state)
    states = {s: value(telemetry, "loopcam_target_state", target="loop", state=s) for s in TARGET_STATES}
    assert states == {s: float(s == state) for s in TARGET_STATES}


def test_only_the_last_answer_to_whether_a_capture_is_possible_is_shown() -> None:
    telemetry = Telemetry("1.2.3")
    telemetry.set_capture_possible("loop", "not_permitted")
    telemetry.set_capture_possible("loop", "not_permitted")
    assert value(telemetry, "loopcam_capture_possible", target="loop", reason="not_permitted") == 0
    telemetry.set_capture_possible("loop")
    found = {key: v for key, v in samples(telemetry).items() if key[0] == "loopcam_capture_possible"}
    assert list(found.values()) == [1]


def test_only_a_targets_last_report_is_shown() -> None:
    telemetry = Telemetry("1.2.3")
    for target, report_id in (("loop", "1"), ("other", "1"), ("loop", "2"), ("loop", "2"), ("loop", "3")):
        telemetry.set_last_report(target, report_id, f"/reports/{report_id}")
    shown = [dict(labels) for name, labels in samples(telemetry) if name == "loopcam_last_report_info"]
    assert sorted((labels["target"], labels["id"]) for labels in shown) == [("loop", "3"), ("other", "1")]


def test_a_removed_target_leaves_no_series_and_no_other_is_touched() -> None:
    telemetry = with_everything()
    telemetry.add_sink("loop")  # a sink of the same name stays
    telemetry.add_target("other")
    telemetry.set_last_report("other", "id-2", "/reports/id-2")
    before = samples(telemetry)
    telemetry.remove_targets({"loop"})
    after = samples(telemetry)
    labels = [dict(labels) for _, labels in after]
    assert not [found for found in labels if found.get("target") == "loop"]
    assert {key for key in before if dict(key[1]).get("target") != "loop"} == set(after)
    telemetry.add_target("loop")
    telemetry.set_last_report("loop", "id-3", "/reports/id-3")
    telemetry.set_capture_possible("loop", "no_process")
    assert value(telemetry, "loopcam_capture_possible", target="loop", reason="no_process") == 0


def test_a_removed_sink_leaves_no_series_and_a_target_of_that_name_stays_whole() -> None:
    telemetry = with_everything()
    telemetry.add_sink("loop")
    telemetry.remove_sink("loop")
    assert not [labels for _, labels in samples(telemetry) if dict(labels).get("sink") == "loop"]
    telemetry.set_last_report("loop", "id-2", "/reports/id-2")
    assert len([name for name, _ in samples(telemetry) if name == "loopcam_last_report_info"]) == 1


def test_reloads_are_counted_by_result() -> None:
    telemetry = Telemetry("1.2.3")
    assert value(telemetry, "loopcam_config_last_reload_successful") == 1
    telemetry.count_reload(success=False)
    assert value(telemetry, "loopcam_config_last_reload_successful") == 0
    assert value(telemetry, "loopcam_config_reloads_total", result="failure") == 1
    telemetry.count_reload(success=True)
    assert value(telemetry, "loopcam_config_last_reload_successful") == 1


@pytest.mark.threat("labels")
@pytest.mark.parametrize("accept", ["", OPENMETRICS])
def test_hostile_label_values_forge_no_line(accept: str) -> None:
    telemetry = Telemetry(HOSTILE)
    telemetry.add_target(HOSTILE)
    telemetry.set_last_report(HOSTILE, HOSTILE, HOSTILE + "\udcff")
    lines = telemetry.writer(accept)[0]().decode().splitlines()
    assert not [line for line in lines if line.startswith(("loopcam_forged", "# HELP x"))]
    assert value(telemetry, "loopcam_iterations_total", target=HOSTILE) == 0


def test_the_accept_header_chooses_the_format() -> None:
    telemetry = with_everything()
    plain, plain_type = telemetry.writer("text/plain")
    open_, open_type = telemetry.writer(OPENMETRICS)
    assert plain_type.startswith("text/plain; version=0.0.4")
    assert open_type.startswith("application/openmetrics-text")
    assert open_().endswith(b"# EOF\n")
    assert b"# EOF" not in plain()


@pytest.mark.parametrize("accept", ["", OPENMETRICS])
def test_times_of_creation_are_left_out(accept: str) -> None:
    assert b"_created" not in with_everything().writer(accept)[0]()


def test_every_series_is_documented_and_no_other() -> None:
    text = with_everything().writer()[0]().decode()
    families = re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE)
    rows = re.findall(r"^\| `(\w+)(?:\{([\w, ]+)\})?` \| (\w+) \|", DOCUMENT.read_text(), re.MULTILINE)
    assert {(name, kind) for name, _, kind in rows} == set(families)
    documented = {name: {label for label in labels.split(", ") if label} for name, labels, _ in rows}
    for name, labels in samples(with_everything()):
        family = name if name in documented else re.sub("_(bucket|sum|count)$", "", name)
        assert {label for label, _ in labels} - {"le"} == documented[family], name


@pytest.fixture
def promtool() -> str:
    require("promtool")
    return "promtool"


def test_promtool_finds_nothing_to_complain_about(promtool: str) -> None:
    checked = subprocess.run(
        [promtool, "check", "metrics"],
        input=with_everything().writer()[0](),
        capture_output=True,
        check=False,
    )
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, b"")


def test_series_that_go_while_they_are_told_harm_nothing() -> None:
    telemetry, names = Telemetry("1"), {f"loop-{number}" for number in range(100)}
    for name in names:
        telemetry.add_target(name)
    write, _ = telemetry.writer()
    with ThreadPoolExecutor(1) as other:
        told = other.submit(lambda: [write() for _ in range(20)])
        for name in sorted(names)[1:]:
            telemetry.remove_targets({name})
    assert all(b'loop-0"' in text for text in told.result())
    assert telemetry.writer()[0]().count(b"loopcam_iterations_total{") == 1
