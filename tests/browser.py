"""Headless Chromium for tests: a page that is watched, screenshots, and what is asked of every page of ours.

With LOOPCAM_SCREENSHOTS=FOLDER the pictures are kept there; else they are in pytest's own folder.
"""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.prerequisites import require

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 800}
TALLEST = 6000  # of a picture, in pixels
# An element with a handler, a script's address, or a name that no page of ours makes, was born from data.
_BORN_OF_DATA = """() => [...document.querySelectorAll('*')].filter((each) =>
    ['iframe', 'object', 'embed', 'base', 'math', 'mglyph', 'image'].includes(each.localName)
    || (each.localName === 'foreignObject'
        && !each.querySelector(':scope > .d3-flame-graph-label:only-child'))
    || [...each.attributes].some(({name, value}) => name.startsWith('on')
        || (['href', 'src', 'action', 'xlink:href'].includes(name) && /^\\s*javascript:/i.test(value))
        || name === 'srcdoc')
).map((each) => each.outerHTML.slice(0, 200))"""
_HEIGHT = "document.documentElement.scrollHeight"
_STANDARDS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    require("chromium")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield found
        found.close()


class Watched:
    """A browser's context whose pages may run only what is ours, and ask only where they were opened."""

    def __init__(self, context: BrowserContext, allowed: Callable[[str], bool]) -> None:
        self.context = context
        self.faults: list[str] = []
        self._allowed = allowed
        context.on("page", self._watch)

    def page(self) -> Page:
        """Another page."""
        return self.context.new_page()

    def _watch(self, page: Page) -> None:
        tell = self.faults.append
        page.on("dialog", lambda dialog: (tell(f"dialog {dialog.message}"), dialog.dismiss()))
        page.on("console", lambda said: tell(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: tell(str(error)))
        page.on("request", lambda asked: None if self._allowed(asked.url) else tell(f"request {asked.url}"))


@contextmanager
def watched(
    browser: Browser, allowed: Callable[[str], bool] = lambda url: url.startswith("file:"), **options: Any
) -> Iterator[Watched]:
    """Fails the test when anything runs, breaks the policy or asks the network."""
    settings = {"viewport": WIDE, "reduced_motion": "reduce", **options}
    context = browser.new_context(**settings)
    found = Watched(context, allowed)
    try:
        yield found
    finally:
        context.close()
    assert not found.faults, found.faults


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A watched page for files."""
    with watched(browser) as found:
        yield found.page()


@pytest.fixture
def shoot(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Page, str], Path]:
    """Takes a picture of a page from its top, named by the test and by what it shows."""
    folder = Path(os.environ.get("LOOPCAM_SCREENSHOTS") or tmp_path / "screenshots")

    def taken(page: Page, shows: str, *, whole: bool = True) -> Path:
        name = re.sub(r"\W+", "-", request.node.name.removeprefix("test_")).strip("-")
        path = folder / f"{name}--{shows}.png"
        size = {"width": page.evaluate("innerWidth"), "height": page.evaluate(_HEIGHT)}
        size["height"] = min(size["height"], TALLEST) if whole else page.evaluate("innerHeight")
        page.screenshot(path=path, full_page=whole, clip={"x": 0, "y": 0, **size}, animations="disabled")
        assert path.stat().st_size > 0
        return path

    return taken


def assert_nothing_born_of_data(page: Page) -> None:
    """No element, attribute or address of this page is made of data."""
    born = page.evaluate(_BORN_OF_DATA)
    assert not born, born


def violations(page: Page, *, without: tuple[str, ...] = ()) -> list[str]:
    """What axe-core finds against the accessibility guidelines (WCAG 2.1 A and AA, and good practice)."""
    axe = resources.files("axe_playwright_python").joinpath("axe.min.js").read_text()
    page.evaluate(axe)
    rules = {name: {"enabled": False} for name in without}
    options = {"runOnly": {"type": "tag", "values": list(_STANDARDS)}, "rules": rules}
    found = page.evaluate("options => axe.run(document, options)", options)
    return [
        f"{one['id']}: {one['help']}: {node['html'][:160]} {node.get('failureSummary', '')[:200]}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


def walked(page: Page, most: int = 200) -> list[str]:
    """Presses Tab until the focus leaves the page, and names what it came by; each must be to be seen."""
    page.evaluate(_FROM_THE_TOP)
    names: list[str] = []
    for _ in range(most):
        page.keyboard.press("Tab")
        found = page.evaluate(_FOCUSED)
        if found is None:
            return names
        assert found["seen"], f"the focus is on something that cannot be seen: {found['name']}"
        if names and found["first"]:
            return names
        names.append(found["name"])
    return names


_FROM_THE_TOP = """() => {
    document.body.tabIndex = -1;
    document.body.focus();
    document.body.removeAttribute('tabindex');
}"""
_FOCUSED = """() => {
    const one = document.activeElement;
    if (!one || one === document.body || one === document.documentElement) return null;
    const again = one.dataset.walked === 'yes';
    one.dataset.walked = 'yes';
    const box = one.getBoundingClientRect();
    const label = one.labels && one.labels[0] && one.labels[0].innerText;
    const name = one.getAttribute('aria-label') || label || one.innerText || one.id || one.localName;
    return {name: name.trim().split('\\n')[0], seen: box.width > 0 && box.height > 0, first: again};
}"""


def assert_prints(page: Page) -> None:
    """It can be printed, and something is on the paper."""
    assert len(page.pdf(print_background=True)) > 2000
