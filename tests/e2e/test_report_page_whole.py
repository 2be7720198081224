"""An ordinary report, of 30 s with 120 s before and 50 threads: its page's weight, looks, keys and paper."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from report.views import page as view
from tests.browser import NARROW, assert_nothing_born_of_data, assert_prints, violations, walked, watched
from tests.unit.report.page.rich import rich

MOST_BYTES = 3_000_000
_SECTIONS = ("verdict", "time", "graph", "functions", "signals", "stacks", "facts", "files")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ordinary")
    found = folder / "report.html"
    found.write_bytes(b"".join(view.draw(rich(folder, threads=50))))
    return found


@pytest.fixture
def opened(browser: Browser, file: Path) -> Iterator[Page]:
    with watched(browser) as found:
        page = found.page()
        page.goto(file.as_uri())
        yield page


def test_it_is_light_enough_for_a_mail(file: Path) -> None:
    assert file.stat().st_size < MOST_BYTES


def test_its_sections_come_in_the_order_of_reading(opened: Page, shoot: Any) -> None:
    places = [opened.locator(f"#{name}").bounding_box() for name in _SECTIONS]
    tops = [place["y"] for place in places if place]
    assert len(tops) == len(_SECTIONS)
    assert tops == sorted(tops)
    assert_nothing_born_of_data(opened)
    shoot(opened, "light")
    opened.emulate_media(color_scheme="dark")
    shoot(opened, "dark")
    opened.set_viewport_size(NARROW)  # type: ignore[arg-type]
    opened.wait_for_function("() => document.documentElement.scrollWidth <= innerWidth")
    shoot(opened, "dark-narrow")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_keeps_the_accessibility_guidelines(opened: Page, scheme: str) -> None:
    opened.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    assert violations(opened) == []


def test_the_keyboard_reaches_everything_in_the_order_of_reading(opened: Page) -> None:
    opened.locator("details.more:not([open]) > summary").first.click()
    names = walked(opened, most=400)
    assert len(names) < 400, "the focus never leaves the page"
    ids = opened.evaluate("[...document.querySelectorAll('[data-walked]')].map((one) => one.id)")
    wanted = ["from", "to", "handle-from", "handle-to", "thread", "search", "chart"]
    assert [name for name in wanted if name not in ids] == []
    sections = opened.evaluate("""[...document.querySelectorAll('section[id]')]
        .filter((one) => one.querySelector('[data-walked]')).map((one) => one.id)""")
    assert sections.index("verdict") < sections.index("graph") < sections.index("files")


def test_it_is_printed(opened: Page) -> None:
    assert_prints(opened)


def test_downloads_are_made_in_the_page(opened: Page, tmp_path: Path) -> None:
    for button, key in (("#save-speedscope", "profiles"), ("#save-perfetto", "traceEvents")):
        with opened.expect_download() as begun:
            opened.locator(button).click()
        begun.value.save_as(tmp_path / "saved.json")
        assert json.loads((tmp_path / "saved.json").read_bytes())[key]
