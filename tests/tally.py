"""The table of faults: which rows of `faults/rows.py` tests prove, how often, and what it cost.

A test marked `fault` counts as one try; one that injects its fault many times says so by the fixture `tally`.
`--faults` prints the table, `--soak` injects as often as a release is to stand.
"""

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TypeVar

import pytest

from tests.faults import results
from tests.faults.rows import ROWS
from tests.security.rows import ROWS as THREATS

Count = TypeVar("Count")
SOAK = "--soak"
TABLE = "--faults"
PAGE = "--faults-page"
_PROPERTY = "fault tally"
_ROWS = "fault rows"


@dataclass
class Tally:
    """What became of a fault, as often as it was injected; None is: not what this test measures."""

    tries: int = 1
    lost: int | None = None
    duplicated: int | None = None
    wrong: int | None = None
    worst_s: float | None = None  # the longest that anything took which has a bound

    def __add__(self, other: "Tally") -> "Tally":
        pairs = [(one.name, getattr(self, one.name), getattr(other, one.name)) for one in fields(self)]
        return Tally(**{name: _together(name, [a, b]) for name, a, b in pairs})

    def took(self, seconds: float) -> None:
        self.worst_s = max(self.worst_s or 0.0, seconds)


def _together(name: str, values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return (max if name == "worst_s" else sum)(known) if known else None


@dataclass
class Result:
    """One row of the table."""

    tally: Tally | None = None
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    @property
    def verdict(self) -> str:
        if self.failed:
            return f"FAILED {self.failed}"
        return "passed" if self.passed else "not run"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("faults")
    group.addoption(TABLE, action="store_true", help="run the tests of faults only, and print their table")
    group.addoption(PAGE, type=Path, help="a page to write the table into, such as docs/reliability.md")
    group.addoption(SOAK, action="store_true", help="inject each fault as often as a release is to stand")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "fault(row): proves a row of the list of faults, tests/faults/rows.py")
    config.addinivalue_line("markers", "threat(row): proves a row of the threats, tests/security/rows.py")
    if config.getoption(TABLE):
        config.pluginmanager.register(Table(config.getoption(PAGE), soak=config.getoption(SOAK)))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        assert set(_rows(item)) <= set(ROWS), f"{item.nodeid}: {_rows(item)} are no rows"
        assert set(_rows(item, "threat")) <= set(THREATS), f"{item.nodeid}: no such threat"
        item.user_properties.append((_ROWS, _rows(item)))  # with its reports, whichever process it runs in
    if config.getoption(TABLE):
        items[:] = [item for item in items if _rows(item)]


def _rows(item: pytest.Item, kind: str = "fault") -> list[str]:
    return [row for mark in item.iter_markers(kind) for row in mark.args]


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Iterator[Tally]:
    """For a test to say how often it injected its fault, and what became of it."""
    counted = Tally(tries=0)
    yield counted
    request.node.user_properties.append((_PROPERTY, asdict(counted)))


@pytest.fixture
def times(request: pytest.FixtureRequest) -> "Times":
    """How often to inject a fault: the first number, or the second in a soak."""
    return Times(request.config.getoption(SOAK))


@dataclass
class Times:
    soak: bool

    def __call__(self, here: Count, soak: Count) -> Count:
        return soak if self.soak else here


class Table:
    """Collects results, and prints them at the end, also into a page where one is named."""

    def __init__(self, page: Path | None, *, soak: bool) -> None:
        self._page = page
        self._soak = soak
        self._began_s = time.monotonic()
        self._results = {row: Result() for row in ROWS}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        ended = report.when == "teardown" or not report.passed
        for row in dict(report.user_properties).get(_ROWS, []) if ended else ():
            self._count(self._results[row], report)

    def _count(self, result: Result, report: pytest.TestReport) -> None:
        result.failed += report.failed
        result.skipped += report.skipped
        if report.passed:
            result.passed += 1
            said = dict(report.user_properties).get(_PROPERTY)
            tally = Tally(**said) if said else Tally()  # type: ignore[arg-type]
            result.tally = tally if result.tally is None else result.tally + tally

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        terminalreporter.section("faults")
        lines = list(table(self._results))
        for line in lines:
            terminalreporter.write_line(line)
        if self._page is not None:
            about = results.about(time.monotonic() - self._began_s)
            text = results.put(self._page.read_text(), [about, "", *lines], soak=self._soak)
            self._page.write_text(text)


def table(results: dict[str, Result]) -> Iterator[str]:
    """The rows, as Markdown."""
    yield "| row | fault | tries | lost | duplicated | wrong | worst | |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
    for row, fault in ROWS.items():
        result = results[row]
        seen = result.tally or Tally(tries=0)
        worst = "" if seen.worst_s is None else f"{seen.worst_s * 1000:.0f} ms"
        counts = ["" if one is None else str(one) for one in (seen.lost, seen.duplicated, seen.wrong)]
        skipped = f", {result.skipped} skipped" if result.skipped else ""
        cells = [row, fault.what, str(seen.tries), *counts, worst, result.verdict + skipped]
        yield f"| {' | '.join(cells)} |"
