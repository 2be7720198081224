"""What is selected on the axis of time drives all below it: by pointer, keyboard, numbers and names."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from report.views import page as view
from tests import browser as b
from tests.unit.report.page.rich import rich

STALLED = "−22.5 s to +26.4 s: 48.9 s"  # noqa: RUF001 - a minus sign, as on the page


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("selection")
    (folder / "report.html").write_bytes(b"".join(view.draw(rich(folder, threads=8, busy=2))))
    return folder


@pytest.fixture
def opened(page: Page, home: Path) -> Page:
    page.goto((home / "report.html").as_uri())
    return page


def _names(page: Page) -> set[str]:
    return {each.get_attribute("name") or "" for each in page.locator("#chart g.frame").all()}


def test_it_opens_on_the_stalled_iteration(opened: Page) -> None:
    assert opened.locator("#selected").inner_text() == STALLED
    assert opened.locator('[aria-pressed="true"]').inner_text() == "stalled iteration"
    assert "Endpoint._needs_retry" in _names(opened)
    assert "wait_for_next" not in _names(opened)


def test_a_name_selects_its_range_and_the_graph_follows(opened: Page) -> None:
    opened.locator("[data-preset=leadup]").click()
    assert opened.locator("#scope").inner_text().startswith("−120.0 s to 0 s: ")  # noqa: RUF001
    assert {"wait_for_next", "simulate", "Endpoint._needs_retry"} <= _names(opened)
    assert opened.locator("#top tbody tr").count() > 4


def test_a_drag_over_a_band_selects(opened: Page) -> None:
    lane = opened.locator(".band.main .lane")
    lane.scroll_into_view_if_needed()
    box = lane.bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    opened.mouse.move(box["x"] + box["width"] * 0.2, y)
    opened.mouse.down()
    opened.mouse.move(box["x"] + box["width"] * 0.4, y, steps=4)
    opened.mouse.up()
    assert opened.locator("#selected").inner_text() == "−90.0 s to −60.0 s: 30.0 s"  # noqa: RUF001
    expect(opened.locator("#scope")).to_contain_text("−90.0 s to −60.0 s")  # noqa: RUF001
    assert "Endpoint._needs_retry" not in _names(opened)


def test_keys_move_the_ends_and_numbers_set_them(opened: Page) -> None:
    opened.locator("#handle-from").focus()
    opened.keyboard.press("ArrowRight")
    assert opened.locator("#from").input_value() == "-21"
    opened.keyboard.press("Shift+ArrowLeft")
    assert opened.locator("#from").input_value() == "-36"
    opened.keyboard.press("Home")
    assert opened.locator("#handle-from").get_attribute("aria-valuenow") == "-120.000"
    opened.locator("#to").fill("-100")
    opened.locator("#to").press("Enter")
    assert opened.locator("#selected").inner_text() == "−120.0 s to −100.0 s: 20.0 s"  # noqa: RUF001


def test_evidence_leads_to_its_thread_time_and_signal(opened: Page) -> None:
    opened.locator("[data-preset=everything]").click()
    opened.locator(".evidence a.jump").first.click()
    assert opened.locator("#selected").inner_text() == STALLED
    assert opened.locator("#thread option:checked").inner_text() == "MainThread (4242)"
    assert opened.locator("#found").inner_text().startswith("1 found, 93.")
    opened.locator(".evidence a.jump").nth(1).click()
    assert opened.evaluate("location.hash") == "#signal-process.cpu_user"


def test_time_on_the_cpu_and_callers_first(opened: Page) -> None:
    opened.locator("#doing").select_option("on_cpu")
    assert "Endpoint._needs_retry" not in _names(opened)
    assert "decode" in _names(opened)
    opened.locator("#order").select_option("callers")
    opened.locator("#chart").focus()
    opened.keyboard.press("ArrowDown")
    assert opened.locator("#detail").inner_text().splitlines()[0] == "decode"


def test_what_differs_is_told_in_both_directions(opened: Page) -> None:
    opened.locator("#side").select_option("stalled")
    opened.locator('#chart g[name="describe_nodes"]').click()
    assert "selection 100%, healthy nothing" in opened.locator("#detail").inner_text()
    opened.locator("#side").select_option("healthy")
    opened.locator('#chart g[name="wait_for_next"]').click()
    assert "selection nothing" in opened.locator("#detail").inner_text()
    assert opened.locator('#chart g[name="wait_for_next"] rect').get_attribute("fill") == "#b39ddb"


def test_all_threads_sum_up_to_what_they_did(opened: Page) -> None:
    opened.locator("#thread").select_option("all")
    told = opened.locator("#detail").inner_text().splitlines()[-1]
    shares = [float(each.split("%")[0]) for each in told.split(", ") if "%" in each]
    assert sum(shares) == pytest.approx(100, abs=0.3)


def test_the_page_alone_makes_files_for_other_tools(opened: Page) -> None:
    for key, entries in (("speedscope", "profiles"), ("perfetto", "traceEvents")):
        with opened.expect_download() as found:
            opened.locator(f"#save-{key}").click()
        assert json.loads(Path(found.value.path()).read_bytes())[entries]
        assert found.value.suggested_filename.endswith(f"page.{key}.json")


def test_colours_tell_states_where_they_are_asked_for(opened: Page) -> None:
    assert opened.locator("#states").is_hidden()
    opened.locator("#paint").select_option("state")
    assert opened.locator("#states").is_visible()
    assert opened.locator("#paints").is_hidden()


def test_idle_threads_are_folded_and_can_be_picked(opened: Page) -> None:
    assert opened.locator("#tracks details.more summary").inner_text() == "6 idle threads"
    opened.locator("#tracks details.more summary").click()
    opened.locator("#tracks details.more button.who").first.click()
    assert "Condition.wait" in _names(opened)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_accessible_in_light_and_dark(opened: Page, scheme: str) -> None:
    opened.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    assert b.violations(opened) == []
    opened.locator("#side").select_option("healthy")
    assert b.violations(opened) == []


def test_everything_is_reached_by_tab(opened: Page) -> None:
    names = b.walked(opened)
    for name in ("stalled iteration", "Selection starts", "Selection ends", "Flame graph", "for speedscope"):
        assert name in names, names


def test_a_narrow_screen_needs_no_sideways_scrolling(browser: Browser, home: Path) -> None:
    with b.watched(browser, viewport=b.NARROW) as found:
        page = found.page()
        page.goto((home / "report.html").as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= b.NARROW["width"]


def test_it_prints_what_is_selected(opened: Page) -> None:
    b.assert_prints(opened)
    opened.emulate_media(media="print")
    assert opened.locator("#selection").is_hidden()
    assert opened.locator(".band.main canvas").is_visible()
    assert opened.locator("#chart svg").is_visible()


def test_without_scripts_verdict_bands_functions_and_stacks_are_there(browser: Browser, home: Path) -> None:
    with b.watched(browser, java_script_enabled=False) as found:
        page = found.page()
        page.goto((home / "report.html").as_uri())
        assert page.locator("#verdict .answer").is_visible()
        assert page.locator(".band.main svg.strip").is_visible()
        assert page.locator("#top tbody tr").first.is_visible()
        assert page.locator("#stacks details").first.is_visible()
        assert page.locator("#selection").is_hidden()
        assert page.locator("#files button").first.is_hidden()
