"""What moved in a target's metrics between the trigger and the end."""

import math
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from report.evidence import metrics
from report.render import METRICS_DIFF, render, unrendered
from tests.reports import assert_valid_report
from tests.unit.report.goreports import make_go_report, metrics_files

BEFORE = b"""# HELP requests_total Requests.
# TYPE requests_total counter
requests_total{code="200"} 100
requests_total{code="500"} 7
# TYPE last_activity gauge
last_activity{activity="main"} 1.7e9
# TYPE unknown_pods gauge
unknown_pods NaN
# TYPE restarts_total counter
restarts_total 9
# TYPE function_duration_seconds histogram
function_duration_seconds_bucket{function="main",le="1"} 1
function_duration_seconds_bucket{function="main",le="+Inf"} 2
function_duration_seconds_sum{function="main"} 3.5
function_duration_seconds_count{function="main"} 2
# TYPE vanishing gauge
vanishing 1
"""
AFTER = (
    BEFORE.replace(b'code="200"} 100', b'code="200"} 130')
    .replace(b"1.7e9", b"1.7e9")
    .replace(b"restarts_total 9", b"restarts_total 1")
    .replace(b'le="+Inf"} 2', b'le="+Inf"} 4')
    .replace(b'_sum{function="main"} 3.5', b'_sum{function="main"} 9.5')
    .replace(b'_count{function="main"} 2', b'_count{function="main"} 4')
    .replace(b"vanishing 1", b"appearing 1")
)


def diff(folder: Path, before: bytes, after: bytes) -> tuple[str, str, str]:
    """The document, the page, and what is wrong with the evidence."""
    home = make_go_report(folder, [], extra=metrics_files(before, after))
    manifest = render(home)
    assert_valid_report(home)
    document = home / METRICS_DIFF
    text = document.read_text() if document.exists() else ""
    return text, (home / "report.html").read_text(), manifest.rendering.detail


def test_counters_gauges_and_histograms_that_moved_are_told_with_their_rates(tmp_path: Path) -> None:
    text, page, detail = diff(tmp_path, BEFORE, AFTER.replace(b"1.7e9", b"1.8e9"))
    assert detail == ""
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert lines == [
        "http://scaler.example.org:8085/metrics of scaler",
        "from 2026-11-21 08:58:11.770 UTC, for 3 s",
        "4 series moved; 2 did not, 1 appeared, 1 vanished",
        "",
        "Counters: by, a second, series",
        "started anew restarts_total",
        '+30 10/s requests_total{code="200"}',
        "",
        "Histograms and summaries: observations, a second, mean of these, series",
        '+2 0.6667/s 3 function_duration_seconds{function="main"}',
        "",
        "Gauges: before, after, series",
        '1700000000 1800000000 last_activity{activity="main"}',
    ]
    assert '<section id="metrics"' in page
    assert f'href="./{METRICS_DIFF}"' in page


def test_openmetrics_is_read_too_with_its_exemplars(tmp_path: Path) -> None:
    text = (
        b'# TYPE requests counter\nrequests_total{code="2"} 1.0 # {trace_id="a b"} 0.5 123.4\n'
        b"requests_created 5\n# EOF\n"
    )
    document, _, detail = diff(tmp_path, text, text.replace(b"} 1.0", b"} 4.0"))
    assert detail == ""
    assert '+3             1/s  requests_total{code="2"}' in document


def test_only_those_that_moved_most_are_kept(tmp_path: Path) -> None:
    before = "".join(f'pods{{n="{number}"}} 1000\n' for number in range(500))
    after = "".join(f'pods{{n="{number}"}} {1000 + number}\n' for number in range(500))
    text, page, _ = diff(tmp_path, before.encode(), after.encode())
    assert "499 series moved, of which the 200 that moved most are shown; 1 did not" in text
    assert 'pods{n="499"}' in text
    assert 'pods{n="10"}' not in text
    assert "188 more" in page


@pytest.mark.parametrize("other", [b'{"status": "ok"}', b"", b"<html>", b"\xff\xfe\x00"])
def test_what_is_no_exposition_makes_no_document(tmp_path: Path, other: bytes) -> None:
    text, page, detail = diff(tmp_path, other, AFTER)
    assert text == ""
    assert '<section id="metrics"' not in page
    assert detail == "" or "evidence/http-trigger.txt cannot be read" in detail


def test_too_large_an_exposition_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "MOST_BYTES", 100)
    _, _, detail = diff(tmp_path, BEFORE, AFTER)
    assert "evidence/http-trigger.txt cannot be read: it is larger than" in detail


def test_a_document_of_an_earlier_revision_does_not_stay(tmp_path: Path) -> None:
    home = make_go_report(tmp_path, [], extra=metrics_files(BEFORE, AFTER))
    render(home)
    assert (home / METRICS_DIFF).exists()
    unrendered(home, "a test")
    assert not (home / METRICS_DIFF).exists()


def test_evil_labels_forge_no_line(tmp_path: Path) -> None:
    before = rb'pods{n="a\nforged 1",m="<script>alert(1)</script>",o="\""} 1' + b"\n"
    text, page, _ = diff(tmp_path, before, before.replace(b"} 1", b"} 2"))
    assert not [line for line in text.splitlines() if line.startswith("forged")]
    assert "<script>alert" not in page


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=200), st.floats(), st.floats())
def test_any_exposition_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, before: float, after: float
) -> None:
    folder = tmp_path_factory.mktemp("any")
    for value, name in ((before, "before"), (after, "after")):
        (folder / name).write_bytes(f"pods {value}\n".encode() + data)
    try:
        found = [metrics.read(folder / name) for name in ("before", "after")]
    except ValueError:
        return
    for values in found:
        assert all(isinstance(each.value, float) for each in values.values())
    if b"pods" not in data:
        assert math.isnan(before) or found[0]["pods", ()].value == before
