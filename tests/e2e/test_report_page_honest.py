"""What the page says adds up, says why there is nothing, and can be read on a telephone and on paper."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import Browser, Page, expect

from model.capture import Capture, Outcome, Window, WindowEnd
from model.events import Trigger, TriggerKind
from report.drawing import Drawing
from report.views import page as view
from tests.browser import violations, watched
from tests.unit.report.page.rich import rich

TELEPHONE = {"width": 400, "height": 800}


@pytest.fixture(scope="module")
def drawing(tmp_path_factory: pytest.TempPathFactory) -> Drawing:
    return rich(tmp_path_factory.mktemp("honest"), threads=8, busy=2)


@pytest.fixture
def opens(browser: Browser, tmp_path: Path) -> Iterator["Opens"]:
    with watched(browser) as found:
        yield Opens(found.page(), tmp_path / "report.html")


class Opens:
    """Draws a page and opens it."""

    def __init__(self, page: Page, file: Path) -> None:
        self.page, self._file = page, file

    def __call__(self, drawing: Drawing) -> Page:
        self._file.write_bytes(b"".join(view.draw(drawing)))
        self.page.goto(self._file.as_uri())
        return self.page


def changed(
    drawing: Drawing, trigger: dict[str, object], window: dict[str, object], **capture: object
) -> Drawing:
    """The same with other facts."""
    before: Capture = drawing.capture
    made: Trigger = msgspec.structs.replace(before.trigger, **trigger)
    lasted: Window = msgspec.structs.replace(before.window, **window)
    return replace(
        drawing,
        capture=msgspec.structs.replace(before, trigger=made, window=lasted, **capture),  # type: ignore[arg-type]
    )


def test_what_is_told_of_a_selection_adds_up(opens: Opens, drawing: Drawing) -> None:
    page = opens(drawing)
    for start, end in (("-20.04", "0.06"), ("-1.0", "3.04")):
        page.locator("#from").fill("-120")
        page.locator("#to").fill(end)
        page.locator("#to").press("Enter")
        page.locator("#from").fill(start)
        page.locator("#from").press("Enter")
        told = page.locator("#selected").inner_text().replace("\N{MINUS SIGN}", "-").replace(" s", "")
        ends, _, lasts = told.partition(": ")
        first, _, last = ends.partition(" to ")
        assert float(last) - float(first) == pytest.approx(float(lasts), abs=1e-6)


def test_where_nothing_was_sampled_it_offers_what_was(opens: Opens, drawing: Drawing) -> None:
    began_s = drawing.capture.trigger.at_s - 200
    iteration = msgspec.structs.replace(drawing.capture.iteration, started_s=began_s, ended_s=began_s + 50)
    page = opens(changed(drawing, {"started_s": began_s}, {}, iteration=iteration))
    assert page.locator("#chart").is_hidden()
    assert page.locator("#top").is_hidden()
    expect(page.locator("#scope")).to_contain_text("nothing sampled")
    page.locator("#detail").get_by_role("button", name="show lead-up").click()
    assert page.locator("#chart g.frame").count() > 3
    assert page.locator("#top").is_visible()
    assert page.evaluate("document.activeElement.dataset.preset") == "leadup"


def test_on_a_telephone_every_function_is_to_be_seen(opens: Opens, drawing: Drawing) -> None:
    page = opens(drawing)
    page.set_viewport_size(TELEPHONE)  # type: ignore[arg-type]
    for name in page.locator("#top button, #comparison code").all():
        box = name.bounding_box()
        if box is not None:  # not folded away
            assert 0 <= box["x"] < TELEPHONE["width"]
    first = page.locator("#top tbody tr td").first
    assert first.get_attribute("data-head") == "self"
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == TELEPHONE["width"]


def test_no_figure_of_a_signal_is_cut_off(opens: Opens, drawing: Drawing) -> None:
    page = opens(drawing)
    cut = "(all) => all.filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.innerText)"
    assert page.locator("#charts .keys").evaluate_all(cut) == []


def test_the_ruler_is_readable_outside_of_the_selection(opens: Opens, drawing: Drawing) -> None:
    page = opens(drawing)
    veil = page.evaluate(
        "parseFloat(getComputedStyle(document.querySelector('#tracks > .overlay'), '::before').top)"
    )
    ruler, tracks = page.locator("#ruler").bounding_box(), page.locator("#tracks").bounding_box()
    assert ruler is not None
    assert tracks is not None
    assert ruler["y"] + ruler["height"] <= tracks["y"] + veil + 1
    units = {one.split()[-1] for one in page.locator("#ruler text").all_text_contents()}
    assert units == {"s"}


def test_an_iteration_ends_with_its_process(opens: Opens, drawing: Drawing) -> None:
    iteration = msgspec.structs.replace(drawing.capture.iteration, ended_s=None)
    page = opens(
        changed(
            drawing,
            {"kind": TriggerKind.EXIT, "reason": "the process ended"},
            {"end": WindowEnd.TARGET_EXITED},
            iteration=iteration,
            outcome=Outcome.TARGET_EXITED,
        )
    )
    said = page.locator("#happened").inner_text()
    assert "still running" not in said
    assert "The process ended within the iteration." in said
    assert "There was no process left to watch." in said
    assert page.locator("#to").input_value() == "0"


def test_a_window_that_was_cut_short_says_by_what(opens: Opens, drawing: Drawing) -> None:
    started_s = drawing.capture.window.started_s
    page = opens(
        changed(
            drawing,
            {},
            {"ended_s": started_s + 0.04, "end": WindowEnd.COLLECTION_TIME},
            outcome=Outcome.TARGET_STOPPED,
        )
    )
    assert "until the target was found stopped" in page.locator("#happened").inner_text()
    assert "collection_time" not in page.locator("#facts").inner_text()


def test_files_beside_it_say_where_they_are_and_words_are_explained(opens: Opens, drawing: Drawing) -> None:
    page = opens(drawing)
    files = page.locator("#files")
    expect(files).to_contain_text("They lie beside this page")
    assert files.locator('a[href="./manifest.json"]').count() == 1
    assert page.locator("#terms dt").first.inner_text() == "GIL"


def test_paper_says_what_is_selected(opens: Opens, drawing: Drawing) -> None:
    page = opens(drawing)
    page.emulate_media(media="print")
    assert page.locator("#scope").is_visible()
    assert page.locator("#selection").is_hidden()
