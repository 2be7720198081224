"""The sections of report.html: what they tell of a drawing that has everything, and of one that has not."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest

from model.capture import Outcome
from model.signals import Signals
from model.verdict import Cause, Fact, FactKind, Verdict
from report.drawing import Drawing
from report.page import axis, comparison, iteration, runs, signals, timeline, verdict
from report.views import page
from tests.unit.report.drawings import HOSTILE
from tests.unit.report.page.rich import rich


@pytest.fixture(scope="module")
def drawing(tmp_path_factory: pytest.TempPathFactory) -> Drawing:
    return rich(tmp_path_factory.mktemp("drawing"), threads=30, busy=16)


class _Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, name: str, attributes: list[tuple[str, str | None]]) -> None:
        self.names.add(name)
        self.attributes |= {key for key, _ in attributes}


def _text(markup: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", markup))


def _html(drawing: Drawing) -> str:
    return b"".join(page.draw(drawing)).decode()


def test_everything_comes_in_the_order_of_interest(drawing: Drawing) -> None:
    missed = msgspec.structs.replace(drawing.rendering, missed_s=4.0)
    sections = re.findall(r'<section id="([a-z]+)"', _html(replace(drawing, rendering=missed)))
    assert sections == [
        *("verdict", "happened", "time", "graph", "functions", "signals", "comparison"),
        *("most", "stacks", "facts", "files", "missing", "terms"),
    ]


def test_the_verdict_is_told_in_words_with_its_evidence(drawing: Drawing) -> None:
    said = _text(verdict.answer(drawing, axis.of(drawing)))
    for part in ("backoff", "high confidence", "describe_nodes is being throttled", "What to look at:"):
        assert part in said
    assert "network wait : The replies themselves" in said
    assert "backoff-3f9a1c07be" in said


def test_evidence_leads_to_where_it_shows(drawing: Drawing) -> None:
    found = verdict.answer(drawing, axis.of(drawing))
    number = next(at for at, thread in enumerate(drawing.whole.threads) if thread.name == "MainThread")
    assert f'href="#thread-{number}"' in found
    assert 'data-start="-22500000" data-end="26400000"' in found
    assert 'data-function="Endpoint._needs_retry"' in found
    assert 'href="#signal-process.cpu_user"' in found
    assert 'href="#comparison"' in found
    html = _html(drawing)
    for target in set(re.findall(r'href="#([^"]+)"', html)):
        assert f'id="{target}"' in html, target


def test_unknown_is_an_answer(drawing: Drawing) -> None:
    unknown = msgspec.structs.replace(drawing.verdict, cause=Cause.UNKNOWN, facts=(), alternatives=())
    said = _text(verdict.answer(replace(drawing, verdict=unknown), axis.of(drawing)))
    assert "no cause stands out" in said
    assert "confidence" not in said


def test_without_a_verdict_it_tells_where_the_loop_was(drawing: Drawing) -> None:
    said = _text(verdict.answer(replace(drawing, verdict=None), axis.of(drawing)))
    assert said.strip().startswith("Where the time went MainThread (4242) spent")


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_evidence_stays_text(drawing: Drawing, name: str) -> None:
    fact = Fact(kind=FactKind.STACK, text=name, thread=name, signal=name, frames=(name, name))
    found: Verdict = msgspec.structs.replace(
        drawing.verdict, sentence=name, facts=(fact,), remedy=name, signature=name
    )
    markup = verdict.answer(replace(drawing, verdict=found), axis.of(drawing))
    parsed = _Elements()
    parsed.feed(markup)
    assert parsed.names <= {
        *["section", "h2", "h3", "p", "span", "ul", "ol", "li", "a", "div", "details", "summary", "b", "code"]
    }
    assert parsed.attributes <= {
        *("id", "class", "href", "aria-labelledby"),
        *("data-thread", "data-signal", "data-function"),
    }


def test_a_trifle_is_not_loud_and_a_failure_is(drawing: Drawing) -> None:
    at = axis.of(drawing)
    assert "missing-line" not in verdict.answer(drawing, at)
    some = msgspec.structs.replace(drawing.rendering, missed_s=4.0)
    assert 'class="missing-line"' in verdict.answer(replace(drawing, rendering=some), at)
    much = msgspec.structs.replace(drawing.rendering, missed_s=14.0)
    assert 'class="missing-line grave"' in verdict.answer(replace(drawing, rendering=much), at)
    capture = msgspec.structs.replace(drawing.capture, outcome=Outcome.PARTIAL)
    loud = verdict.answer(replace(drawing, capture=capture), at)
    assert 'class="missing-line grave"' in loud
    assert "The capture is not complete: partial." in loud


def test_durations_are_beside_healthy_ones(drawing: Drawing) -> None:
    found = iteration.happened(drawing)
    said = _text(found)
    for part in (
        "median 1.21 s",
        "99 of 100 within 2.8 s",
        "limit 20 s",
        "this one (40 times the median), 48.9 s",
    ):
        assert part in said
    assert found.count("<circle") == 40
    without = msgspec.structs.replace(drawing.capture, history=None)
    assert "<svg" not in iteration.happened(replace(drawing, capture=without))


def test_bands_show_the_loop_first_and_fold_idle_threads(drawing: Drawing) -> None:
    found = timeline.threads(drawing, axis.of(drawing), runs.pack(drawing.whole))
    bands = re.findall(r'class="track band( main)?"', found)
    assert len(bands) == 30
    assert bands[0] == " main"
    assert "14 idle threads" in found
    assert "4 more threads" in found


def test_a_page_that_leaves_something_out_says_so(drawing: Drawing) -> None:
    at = axis.of(drawing)
    few = runs.pack(drawing.whole, most_runs=2000, most_stacks=6)
    said = _text(timeline.threads(drawing, at, few))
    assert "it holds one look every" in said
    assert "are shown as their callers only" in said


def test_signals_have_unit_source_and_reasons(drawing: Drawing) -> None:
    found = signals.signals(drawing, axis.of(drawing))
    said = _text(found)
    assert "cpu user cpu system cores" in said
    assert "process.cpu_user cores /proc/PID/stat" in said  # in the table
    assert "At zero all the time: cgroup.throttled ." in said
    assert "2 signals not here, and why" in said
    assert "cgroup.memory : cgroup v1 without memory controller" in said
    assert 'data-signals="0 1"' in found


def test_without_signals_or_comparison_there_are_no_such_sections(drawing: Drawing) -> None:
    bare = replace(drawing, signals=Signals(), comparison=None, baseline=None)
    assert signals.signals(bare, axis.of(bare)) == comparison.comparison(bare) == ""
    html = _html(bare)
    assert 'id="side"' not in html
    assert "</html>" in html


def test_the_comparison_goes_both_ways(drawing: Drawing) -> None:
    said = _text(comparison.comparison(drawing))
    more, _, less = said.partition("Less, or gone")
    assert "Endpoint._needs_retry" in more
    assert "wait_for_next" in less
    assert "40 times their median" in more


def test_an_ordinary_page_is_small_and_a_busy_one_bounded(tmp_path: Path) -> None:
    assert len(_html(rich(tmp_path / "a", threads=50, busy=4))) < 600_000
    assert len(_html(rich(tmp_path / "b", threads=50, busy=25))) < 3_000_000


def test_healthy_trees_stand_in_the_data(drawing: Drawing) -> None:
    block = re.search(r'<script type="application/json" id="data">([^<>&]*)</script>', _html(drawing))
    assert block is not None
    data = json.loads(block[1])
    assert "MainThread" in {each["group"] for each in data["healthy"]}
    assert {each["group"] for each in data["threads"]} >= {"MainThread", "refresher", "pool-worker"}
    assert next(each["key"] for each in data["presets"]) == "stalled"
