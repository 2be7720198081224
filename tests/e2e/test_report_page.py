"""report.html and flamegraph.svg in a real browser: nothing hostile runs, and the graph can be walked."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from report.render import render
from tests.reports import PID, assert_valid_report, look, make_report, trace
from tests.unit.report.drawings import HOSTILE
from tests.unit.report.goreports import make_go_report, metrics_files, recorded


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return _report(tmp_path, [("<module>", "/srv/a.py", 1), ("run_once", "/srv/a.py", 2)])


def _report(folder: Path, base: list[tuple[str, str, int]], **options: object) -> Path:
    rows = [
        (0.0, PID, "MainThread", [*base, ("simulate", "/srv/a.py", 3)]),
        (0.0, PID + 1, "worker", [*base, ("wait", "/usr/lib/python3.11/threading.py", 9)]),
        (1.0, PID, "MainThread", [*base, ("apply", "/srv/b.py", 4)]),
    ]
    dump = look(rows[:2], active=[PID], owner=PID)
    home = make_report(folder, segments=[trace(rows, 1.5)], dumps=[dump], **options)  # type: ignore[arg-type]
    render(home)
    assert_valid_report(home)
    return home


def _open(page: Page, home: Path, name: str = "report.html") -> None:
    page.goto((home / name).as_uri())


def _labels(page: Page) -> list[str]:
    frames = page.locator("#chart g.frame")
    return sorted(frames.nth(index).get_attribute("name") or "" for index in range(frames.count()))


def test_the_graph_shows_the_main_thread_and_others_by_choice(page: Page, home: Path) -> None:
    _open(page, home)
    assert _labels(page) == ["<module>", "MainThread (4242)", "apply", "run_once", "simulate"]
    page.locator("#thread").select_option(label="worker (4243)")
    assert _labels(page) == ["<module>", "run_once", "wait", "worker (4243)"]
    page.locator("#thread").select_option(label="all 2 threads")
    assert {"all threads", "MainThread (4242)", "worker (4243)"} <= set(_labels(page))


def test_hovering_tells_times_and_place(page: Page, home: Path) -> None:
    _open(page, home)
    page.locator('#chart g[name="simulate"]').hover()
    tip = page.locator(".tip")
    assert tip.inner_text().splitlines() == [
        "simulate",
        "/srv/a.py:3",
        "1 s, 66.7% of MainThread (4242)",
        "100% running, holding the GIL",
    ]
    page.locator("h1").hover()
    assert tip.is_hidden()


def test_a_click_zooms_and_the_button_zooms_out(page: Page, home: Path) -> None:
    _open(page, home)
    frame = page.locator('#chart g[name="apply"] rect')
    before = float(frame.get_attribute("width") or 0)
    page.locator('#chart g[name="apply"]').click()
    page.wait_for_function(
        "before => +document.querySelector('#chart g[name=apply] rect').getAttribute('width') > before * 2",
        arg=before,
    )
    page.locator("#reset").click()
    page.wait_for_function(
        "before => +document.querySelector('#chart g[name=apply] rect').getAttribute('width') == before",
        arg=before,
    )


def test_search_finds_functions_and_files_and_says_how_much_time(page: Page, home: Path) -> None:
    _open(page, home)
    page.locator("#search").fill("B.PY")
    assert page.locator("#found").inner_text() == "1 found, 33.3% of the time"
    assert page.locator('#chart rect[fill="#e14fae"]').count() == 1
    page.locator("#search").fill("no such thing ((")
    assert page.locator("#found").inner_text() == "not found"
    page.locator("#search").fill("")
    assert page.locator('#chart rect[fill="#e14fae"]').count() == 0


def test_the_keyboard_walks_zooms_and_searches(page: Page, home: Path) -> None:
    _open(page, home)
    page.locator("#chart").focus()
    detail = page.locator("#detail")
    for key, name in (
        ("ArrowDown", "<module>"),
        ("ArrowDown", "run_once"),
        ("ArrowDown", "simulate"),
        ("ArrowRight", "apply"),
        ("ArrowLeft", "simulate"),
        ("ArrowUp", "run_once"),
    ):
        page.keyboard.press(key)
        assert detail.inner_text().splitlines()[0] == name
    assert page.locator("#chart g.selected").get_attribute("name") == "run_once"
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_are_shown_and_never_run(page: Page, tmp_path: Path, name: str) -> None:
    rows = [(0.0, PID, name, [(name, name, 1), ("simulate", "/srv/a.py", 3)])]
    home = make_report(
        tmp_path,
        segments=[trace(rows, 1.5), name.encode()],
        dumps=[look(rows, owner=PID)],
        target=name or "demo",
        labels={name: name},
    )
    render(home)
    assert_valid_report(home)
    _open(page, home)
    assert page.locator('#chart g[name="simulate"]').count() == 1
    page.locator("#chart g.frame").nth(1).hover()
    page.locator("#chart g.frame").nth(1).click()
    page.locator("#search").fill(name)
    assert page.locator("main img, main script, main iframe, #chart img, svg script").count() == 0
    _open(page, home, "flamegraph.svg")
    assert page.evaluate("document.querySelectorAll('script, image, foreignObject, a').length") == 0
    assert page.evaluate("document.documentElement.localName") == "svg"


def test_the_policy_stops_scripts_and_requests_that_are_not_ours(browser: Browser, home: Path) -> None:
    file = home / "report.html"
    added = "<script>window.ran = 1</script><img src='http://127.0.0.1:9/x.png' onerror='window.ran = 2'>"
    file.write_text(file.read_text().replace("</main>", f"{added}</main>"))
    page = browser.new_page()
    _open(page, home)
    assert page.evaluate("window.ran") is None
    page.close()


def test_deep_recursion_and_many_nodes_are_drawn(page: Page, tmp_path: Path) -> None:
    home = _report(tmp_path, [(f"f{number % 3}", "/srv/a.py", number) for number in range(1500)])
    _open(page, home)
    assert page.locator("#chart g.frame").count() > 1000
    page.locator("#reset").click()


def test_it_is_dark_where_the_reader_wants_it_and_light_on_paper(page: Page, home: Path) -> None:
    _open(page, home)
    background = "getComputedStyle(document.body).backgroundColor"
    page.emulate_media(color_scheme="light")
    light = page.evaluate(background)
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(background) != light
    page.emulate_media(color_scheme="dark", media="print")
    assert page.evaluate(background) == "rgb(255, 255, 255)"
    assert page.locator("#selection").is_hidden()


def test_an_empty_profile_still_makes_a_page(page: Page, tmp_path: Path) -> None:
    home = make_report(tmp_path, segments=[], dumps=[])
    render(home)
    assert_valid_report(home)
    _open(page, home)
    assert page.locator("#stacks details").count() == 0
    assert page.locator("#chart").count() == 0


def test_a_report_of_a_go_program_is_drawn_with_the_loops_goroutine_first(page: Page, tmp_path: Path) -> None:
    home = make_go_report(tmp_path, recorded("cpu"), extra=metrics_files(b"pods 1\n", b"pods 2\n"))
    render(home)
    assert_valid_report(home)
    _open(page, home)
    threads = page.locator("#thread option")
    assert [threads.nth(index).inner_text() for index in range(2)] == ["goroutine 1 main.main", "CPU 1"]
    assert "main.binpack" in _labels(page)
    page.locator("#thread").select_option(label="CPU 1")
    assert {"CPU 1", "main.binpack"} <= set(_labels(page))
    assert (
        page.locator("#goroutines details[open] summary").inner_text().startswith("the loop's goroutine 1 in")
    )
    assert page.locator("#metrics tr").count() == 2
