"""The daemon's page in a real browser: it moves, it asks, it can be walked by keyboard, and nothing runs."""

import signal
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import (
    NARROW,
    Watched,
    assert_nothing_born_of_data,
    assert_prints,
    violations,
    walked,
    watched,
)
from tests.daemon import Daemon, daemon, looping, target, tell, until
from tests.e2e.test_control import TOKEN, guarded

STUCK = "one"


@pytest.fixture
def cam(tmp_path: Path) -> Iterator[Daemon]:
    """A daemon with a target that has done some iterations and now stalls, captured once."""
    watching = target(STUCK, process={"match": "looping.py"}, max_loop_time="500ms", captures_per_hour=3)
    absent = target("absent", process={"match": "no-such-program"}, max_loop_time="2m")
    with daemon(tmp_path, watching, absent) as found, looping(found.url, STUCK) as child:
        tell(child, "go")
        until(lambda: found.target(STUCK)["iterations"] > 20, "20 iterations")
        tell(child, "stall")
        until(lambda: (found.target(STUCK)["in_flight"] or {}).get("fired"), "it has stalled for long enough")
        found.stored(1)
        yield found


@pytest.fixture
def look(browser: Browser, cam: Daemon) -> Iterator[Watched]:
    with watched(browser, lambda url: url.startswith((cam.url, "data:,"))) as found:
        yield found


def opened(look: Watched, cam: Daemon, query: str = "") -> Page:
    page = look.page()
    page.goto(f"{cam.url}/{query}")
    page.wait_for_selector("#cards article")
    page.wait_for_selector("tr[data-report]")
    return page


def card(page: Page, name: str = STUCK) -> Any:
    return page.locator(f'article[data-target="{name}"]')


def test_it_shows_targets_as_they_go_on(look: Watched, cam: Daemon, shoot: Any) -> None:
    page = opened(look, cam)
    assert page.locator("#connection").inner_text() == "live"
    assert page.locator("#plain").count() == 0
    age = card(page).locator(".age")
    before = age.inner_text()
    assert "of 500 ms, fired" in before
    expect(age).not_to_have_text(before)
    bar = card(page).get_by_role("meter")
    assert bar.get_attribute("aria-valuenow") == "100"
    strip = card(page).locator("svg.strip")
    assert strip.locator("rect").count() > 20
    assert "over 500 ms" in (strip.get_attribute("aria-label") or "")
    assert "refused: the cooldown ends in" in card(page).locator(".would").inner_text()
    assert "no iteration in flight" in card(page, "absent").inner_text()
    expect(card(page).locator(".dashcam")).to_contain_text("Dashcam adaptive")
    card(page).locator("summary").click()
    expect(card(page)).to_contain_text("heartbeat (decides)")
    shoot(page, "light")
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    shoot(page, "dark-narrow")


def test_a_capture_is_asked_for_and_cancelled_by_buttons(look: Watched, cam: Daemon) -> None:
    page = opened(look, cam)
    card(page).get_by_role("button", name="Capture the next iteration").click()
    cancel = card(page).get_by_role("button", name="Cancel the capture")
    cancel.wait_for(state="visible")
    assert "waiting" in page.locator("#said").inner_text()
    cancel.click()
    cancel.wait_for(state="hidden")
    card(page).get_by_role("button", name="Capture now").click()
    expect(page.locator("tr[data-report] a[download]")).to_have_count(2, timeout=20_000)
    assert cam.metric("loopcam_captures_total") == 2


def test_a_refusal_is_told_with_its_remedy(look: Watched, cam: Daemon) -> None:
    page = opened(look, cam)
    look.faults.clear()
    card(page, "absent").get_by_role("button", name="Capture now").click()
    expect(page.locator("#said")).to_contain_text("Not done: no_process")
    assert [one for one in look.faults if "409" not in one] == []  # the browser's own word on the answer
    look.faults.clear()


def test_reports_are_filtered_by_what_the_address_says(look: Watched, cam: Daemon) -> None:
    page = opened(look, cam)
    page.get_by_role("searchbox", name="Text").fill("the_CULPRIT")
    assert page.locator("tr[data-report]").count() == 1
    page.get_by_role("searchbox", name="Text").fill("no such thing")
    assert page.locator("tr[data-report]").count() == 0
    assert page.locator("#found").inner_text() == "0 of 1 report"
    page.get_by_role("searchbox", name="Text").fill("")
    page.get_by_role("combobox", name="Target").select_option("absent")
    assert page.url.endswith("?target=absent")
    assert page.locator("#cards article").count() == 1
    again = look.page()
    again.goto(page.url)
    again.wait_for_selector("#cards article")
    assert again.get_by_role("combobox", name="Target").input_value() == "absent"
    assert again.locator("#cards article").count() == 1
    expect(again.locator("#found")).to_have_text("0 of 1 report")


def test_the_verdict_has_the_widest_column(look: Watched, cam: Daemon) -> None:
    page = opened(look, cam)
    cells = [cell.bounding_box() for cell in page.locator("tr[data-report] td").all()]
    widths = [cell["width"] for cell in cells if cell]
    assert max(widths) == widths[3]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_report_is_saved_as_one_archive(look: Watched, cam: Daemon, tmp_path: Path) -> None:
    page = opened(look, cam)
    with page.expect_download() as begun:
        page.get_by_role("link", name="archive of").click()
    begun.value.save_as(tmp_path / "report.tar.gz")
    report_id = cam.entries()[0]
    assert begun.value.suggested_filename == f"{report_id}.tar.gz"
    with tarfile.open(tmp_path / "report.tar.gz") as archive:
        names = archive.getnames()
    assert names[-1] == f"{report_id}/manifest.json"
    assert f"{report_id}/report.html" in names
    until(lambda: not cam.children(), "the packer is gone")


def test_a_reports_page_works_and_has_no_part_in_our_origin(look: Watched, cam: Daemon) -> None:
    page = opened(look, cam)
    with look.context.expect_page() as begun:
        page.locator("tr[data-report] a").first.click()
    report = begun.value
    report.wait_for_load_state()
    assert report.locator("h1").count() == 1
    assert report.evaluate("window.origin") == "null"
    assert report.evaluate(
        "(() => { try { return document.cookie } catch (error) { return error.name } })()"
    ) == ("SecurityError")
    asked = "fetch('/v1/collect', {method: 'POST', body: '{}'}).then(() => 'asked', () => 'refused')"
    assert report.evaluate(asked) == "refused"
    assert cam.metric("loopcam_captures_total") == 1
    look.faults.clear()  # the policy's own word on the last request
    for saved in ('#files a[download$="profile.pb.gz"]', "#save-speedscope"):  # a file beside it; made by it
        with report.expect_download() as downloading:
            report.locator(saved).click()
        assert downloading.value.path().stat().st_size > 0


def test_it_is_accessible_and_walked_by_keyboard_alone(look: Watched, cam: Daemon) -> None:
    page = opened(look, cam)
    card(page).locator("summary").click()
    assert violations(page) == []
    page.emulate_media(color_scheme="dark")
    assert violations(page) == []
    names = walked(page)
    for name in (f"Capture now: {STUCK}", "Sources, triggers, counts", "Text"):
        assert name in names
    assert any(name.startswith("archive of") for name in names)
    page.emulate_media(color_scheme="light")
    assert_prints(page)


def test_without_scripts_it_is_plain_tables_that_refresh(browser: Browser, cam: Daemon) -> None:
    with watched(browser, lambda url: url.startswith(cam.url), java_script_enabled=False) as plain:
        page = plain.page()
        page.goto(cam.url)
        assert page.locator("#plain table").count() >= 3
        assert page.locator('#plain a[href$="report.html"]').count() == 1
        assert page.locator('meta[http-equiv="refresh"]').count() == 1


def test_a_lost_daemon_is_told_and_found_again(look: Watched, cam: Daemon) -> None:
    page = opened(look, cam)
    with cam.paused(0.1):
        assert page.locator("#connection").inner_text() == "live"
    cam.stop()
    page.wait_for_selector("body.lost")
    assert "does not answer" in page.locator("#connection").inner_text()
    cam.configure(listen=cam.url.removeprefix("http://"))
    cam.start()
    page.wait_for_selector("body:not(.lost)", timeout=30_000)
    look.faults.clear()  # connections that were refused meanwhile


def test_a_daemon_that_says_nothing_is_told_though_its_connection_stands(look: Watched, cam: Daemon) -> None:
    page = opened(look, cam)
    page.evaluate(
        "() => { const real = performance.now.bind(performance); performance.now = () => real() + 60000; }"
    )
    with cam.paused(0.1):
        page.wait_for_selector("body.lost")
        expect(page.locator("#connection")).to_contain_text("what is shown is")
    page.wait_for_selector("body:not(.lost)")


def test_a_capture_in_progress_is_no_promise_of_another(look: Watched, cam: Daemon) -> None:
    cam.configure(
        targets=[target(STUCK, process={"match": "looping.py"}, collection_time="20s", captures_per_hour=9)]
    )
    page = opened(look, cam)
    cam.process.send_signal(signal.SIGHUP)
    would = card(page).locator(".would")
    until(lambda: cam.ask("POST", "/v1/collect", {"target": STUCK})[0] == 202, "it is taken")
    expect(would).to_have_text("The next overrun: none, as a capture is in progress")
    assert would.get_attribute("class") == "would "
    card(page).get_by_role("button", name="Cancel the capture").click()
    expect(would).not_to_contain_text("in progress")


def test_with_a_token_the_browser_asks_for_it_once(browser: Browser, tmp_path: Path) -> None:
    absent = target("absent", process={"match": "no-such-program"})
    with daemon(tmp_path, absent, control=guarded(tmp_path)) as cam:
        known = {"username": "anybody", "password": TOKEN}
        allowed = (cam.url, "data:,")
        options: dict[str, Any] = {"ignore_https_errors": True, "http_credentials": known}
        with watched(browser, lambda url: url.startswith(allowed), **options) as look:
            page = look.page()
            page.goto(cam.url)
            page.wait_for_selector("#cards article")
            assert page.locator("#connection").inner_text() == "live"
            assert TOKEN not in page.url + page.content()
            assert page.evaluate("localStorage.length + sessionStorage.length") == 0


def test_nothing_hostile_is_born(look: Watched, cam: Daemon) -> None:
    page = opened(look, cam)
    assert_nothing_born_of_data(page)
