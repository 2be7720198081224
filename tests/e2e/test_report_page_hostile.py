"""Whatever functions, files, threads, lines, signals and answers are called: in report.html it is text."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from report.drawing import Drawing
from report.views import flamegraph
from report.views import page as view
from tests.browser import NARROW, assert_nothing_born_of_data, assert_prints, watched
from tests.hostile import PAYLOADS
from tests.hostile_drawing import hostile

# Elements that the page makes itself, and how many of each that could be born of data.
_COUNTED = """() => Object.fromEntries(
    ['script', 'style', 'img', 'iframe', 'form', 'link', 'base', 'meta', 'title', 'textarea'].map(
        (name) => [name, document.querySelectorAll(name).length]))"""


@pytest.fixture(scope="module")
def drawing(tmp_path_factory: pytest.TempPathFactory) -> Drawing:
    return hostile(tmp_path_factory.mktemp("hostile"))


@pytest.fixture(scope="module")
def file(drawing: Drawing, tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("page") / "report.html"
    found.write_bytes(b"".join(view.draw(drawing)))
    return found


@pytest.fixture(scope="module")
def harmless(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with as many words of which none means anything."""
    folder = tmp_path_factory.mktemp("harmless")
    words = [f"word{number}" for number in range(len(PAYLOADS))]
    found = folder / "report.html"
    found.write_bytes(b"".join(view.draw(hostile(folder, words))))
    return found


@pytest.fixture
def opened(request: pytest.FixtureRequest, browser: Browser, file: Path) -> Iterator[Page]:
    scheme = getattr(request, "param", "light")
    with watched(browser, color_scheme=scheme) as found:
        page = found.page()
        page.goto(file.as_uri())
        yield page


@pytest.mark.threat("xss")
def test_the_policy_lets_run_nothing_but_our_own(file: Path) -> None:
    text = file.read_text()
    policy = text.partition('http-equiv="Content-Security-Policy" content="')[2].partition('"')[0]
    assert "default-src &#x27;none&#x27;" in policy or "default-src 'none'" in policy
    assert "unsafe-eval" not in policy
    assert "script-src" in policy
    assert "sha256-" in policy
    assert "unsafe-inline" not in policy.partition("script-src")[2].partition(";")[0]


@pytest.mark.threat("xss")
@pytest.mark.parametrize("opened", ["light", "dark"], indirect=True)
def test_words_make_no_elements(opened: Page, file: Path, harmless: Path, shoot: Any) -> None:
    counted = opened.evaluate(_COUNTED)
    assert_nothing_born_of_data(opened)
    for payload in ("<script>alert(1)</script>", '"><img src=x onerror=alert(4)>'):
        assert payload in opened.locator("main").inner_text()
    shoot(opened, "top", whole=False)
    opened.goto(harmless.as_uri())
    assert counted == opened.evaluate(_COUNTED)


@pytest.mark.threat("xss")
def test_words_stay_words_however_the_page_is_used(opened: Page) -> None:
    """Every choice, every frame, every jump, every fold."""
    for folded in opened.locator("details:not([open]) > summary").all():
        if folded.is_visible():
            folded.click()
    for choice in opened.locator("select").all():
        if choice.is_visible() and choice.is_enabled():
            for number in range(min(choice.locator("option").count(), 12)):
                choice.select_option(index=number)
    for button in opened.locator("button").all():
        if (
            button.is_visible()
            and button.is_enabled()
            and not (button.get_attribute("id") or "").startswith("save")
        ):
            button.click()
    for jump in opened.locator("#verdict a, #verdict button").all()[:20]:
        jump.click()
    for number in range(min(opened.locator("#chart g.frame").count(), 12)):
        frame = opened.locator("#chart g.frame").nth(number)
        if frame.is_visible():
            frame.hover()
    for payload in PAYLOADS[:12]:
        opened.locator("#search").fill(payload)
    assert_nothing_born_of_data(opened)


def test_it_is_printed_and_read_on_a_telephone(opened: Page, shoot: Any) -> None:
    opened.set_viewport_size(NARROW)  # type: ignore[arg-type]
    shoot(opened, "narrow", whole=False)
    assert_prints(opened)


@pytest.mark.threat("xss")
def test_without_scripts_it_is_text_too(browser: Browser, file: Path) -> None:
    with watched(browser, java_script_enabled=False) as found:
        page = found.page()
        page.goto(file.as_uri())
        assert page.locator("img, iframe, form, object, embed, base, main script, main style").count() == 0


@pytest.mark.threat("xss")
def test_the_static_graph_is_text_too(browser: Browser, drawing: Drawing, tmp_path: Path) -> None:
    picture = tmp_path / "flamegraph.svg"
    picture.write_bytes(b"".join(flamegraph.draw(drawing)))
    with watched(browser) as found:
        page = found.page()
        page.goto(picture.as_uri())
        assert page.evaluate("document.documentElement.localName") == "svg"
        assert page.evaluate("document.querySelectorAll('script, image, foreignObject, a, use').length") == 0
