import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.delivery import drawing
from daemon.delivery.drawing import MAX_ATTEMPTS, draw
from daemon.spool.entry import Entry
from daemon.spool.state import Drawing
from daemon.worker.handle import WorkerGoneError
from daemon.worker.protocol import Job, Reply
from model.errors import RenderError
from report.render import unrendered
from tests.unit.spool.entries import put


class Renderers:
    """Stands in for renderer processes: what each does with its job, in turn ("draws", "dies", an error)."""

    def __init__(self, *fates: str) -> None:
        self.fates: Iterator[str] = iter(fates)
        self.jobs: list[Job] = []
        self.attempts_seen: list[int] = []
        self.started = self.ended = 0
        self.entry: Entry | None = None

    async def start_renderer(self) -> "Renderers":
        self.started += 1
        return self

    async def run(self, job: Job, deadline_s: float) -> Reply:
        self.jobs.append(job)
        assert self.entry is not None
        self.attempts_seen.append(self.entry.drawing().attempts)
        fate = next(self.fates)
        if fate == "dies":
            raise WorkerGoneError("the render process ended with -9")
        if fate != "draws":
            return Reply(error=fate)
        unrendered(Path(job.directory), "a test needs no pictures")
        return Reply()

    async def end(self) -> None:
        self.ended += 1


def drawn_by(
    renderers: Renderers, entry: Entry, monkeypatch: pytest.MonkeyPatch, *, warm: bool = False
) -> None:
    renderers.entry = entry
    monkeypatch.setattr(drawing, "Worker", renderers)
    asyncio.run(draw(entry, renderers if warm else None))  # type: ignore[arg-type]


@pytest.fixture
def entry(tmp_path: Path) -> Entry:
    return Entry(put(tmp_path, 1, drawn=False))


def test_a_report_is_drawn_once(entry: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    before_bytes = entry.size_bytes
    renderers = Renderers("draws")
    drawn_by(renderers, entry, monkeypatch)
    assert [job.draw for job in renderers.jobs] == [True]
    assert entry.drawn
    assert entry.size_bytes > before_bytes
    assert renderers.ended == renderers.started == 1


def test_an_attempt_is_counted_before_it_starts(entry: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    renderers = Renderers("dies", "dies", "draws")
    drawn_by(renderers, entry, monkeypatch)
    assert renderers.attempts_seen == [1, 2, 3]


def test_evidence_that_kills_the_renderer_twice_is_listed_undrawn(
    entry: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    renderers = Renderers("dies", "dies", "draws")
    drawn_by(renderers, entry, monkeypatch)
    assert [job.draw for job in renderers.jobs] == [True, True, False]
    assert entry.drawn


def test_attempts_of_an_earlier_daemon_count(entry: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    entry.set_drawing(Drawing(attempts=MAX_ATTEMPTS))
    renderers = Renderers("draws")
    drawn_by(renderers, entry, monkeypatch)
    assert [job.draw for job in renderers.jobs] == [False]


def test_what_cannot_even_be_listed_is_told(entry: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    renderers = Renderers("dies", "dies", "dies")
    with pytest.raises(RenderError, match="cannot be listed"):
        drawn_by(renderers, entry, monkeypatch)
    assert not entry.drawn


def test_what_the_disk_does_not_allow_is_not_the_evidences_fault(
    entry: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    renderers = Renderers("No space left on device")
    with pytest.raises(RenderError, match="No space left"):
        drawn_by(renderers, entry, monkeypatch)
    assert entry.drawing().attempts == 0
    assert renderers.ended >= 1


def test_a_warm_renderer_is_used_first_and_used_up(entry: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    renderers = Renderers("draws")
    drawn_by(renderers, entry, monkeypatch, warm=True)
    assert (renderers.started, renderers.ended) == (0, 1)


def test_a_report_that_is_drawn_already_needs_no_renderer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = Entry(put(tmp_path, 2))
    renderers = Renderers()
    drawn_by(renderers, entry, monkeypatch, warm=True)
    assert (renderers.jobs, renderers.started, renderers.ended) == ([], 0, 1)
