"""Whatever a target, a report or an answer is called: on the daemon's page it is text, and nothing else."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest
from playwright.sync_api import Browser, Page

from daemon.spool.entry import REPORT_DIR, STATE_DIR, owe
from daemon.spool.state import Delivery, Progress
from disk.durable import make_dir, write_atomic
from model import coding
from model.capture import Capture
from model.manifest import Manifest
from model.report import CAPTURE_FILE, MANIFEST_FILE
from model.verdict import Cause, Confidence, Verdict
from report.render import render
from tests.browser import assert_nothing_born_of_data, violations, watched
from tests.daemon import Daemon, daemon, target
from tests.hostile import PAYLOADS
from tests.reports import PID, look, make_report, trace


@pytest.fixture(scope="module")
def cam(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A daemon whose spool holds a report for each hostile word, in every place that its page shows."""
    folder = tmp_path_factory.mktemp("hostile")
    for part in ("reports", "incoming", "damaged", "state"):
        make_dir(folder / "spool" / part)
    for number, payload in enumerate(PAYLOADS):
        hostile_report(folder / "spool", number, payload)
    places = [f"{folder}/{payload}.log" for payload in PAYLOADS[:8] if "/" not in payload]
    sources = [
        {"log": {"path": path, "start": "begin", "end": "done", "mode": "start_end"}, "name": f"log{at}"}
        for at, path in enumerate(places)
    ]
    one = target("one", process={"match": "no-such-program"}, iterations=["heartbeat", *sources])
    with daemon(folder, one, sinks=[{"file": {"path": str(folder / "reports")}}]) as found:
        found.beat("start", "one", '"><img src=x onerror=alert(1)>')
        yield found


def hostile_report(spool: Path, number: int, payload: str) -> None:
    """An accepted report, with the word wherever a target or a sink could have put it."""
    report_id = f"20261121T0858{number:02}Z-demo-aaaaaa"
    rows = [(0.0, PID, payload, [(payload, payload, 1)])]
    made = make_report(
        spool,
        report_id=report_id,
        target=payload or "demo",
        labels={payload: payload},
        segments=[trace(rows, 1.5)],
        dumps=[look(rows, owner=PID)],
    )
    capture = coding.decode((made / CAPTURE_FILE).read_bytes(), Capture)
    trigger = msgspec.structs.replace(capture.trigger, reason=payload, iteration=payload)
    changed = msgspec.structs.replace(capture, trigger=trigger, host=payload)
    write_atomic(made / CAPTURE_FILE, coding.encode(changed))
    render(made)
    manifest = coding.decode((made / MANIFEST_FILE).read_bytes(), Manifest)
    said = Verdict(
        cause=Cause.DNS,
        confidence=Confidence.LOW,
        sentence=payload,
        score=0.5,
        remedy=payload,
        signature=payload,
    )
    write_atomic(made / MANIFEST_FILE, coding.encode(msgspec.structs.replace(manifest, verdict=said)))
    home = make_dir(spool / "reports" / report_id)
    made.rename(home / REPORT_DIR)
    owe(home, ())
    told = Delivery(progress=Progress.DEAD, attempts=1, error=payload, remedy=payload, location=payload)
    write_atomic(home / STATE_DIR / "sink-file.json", coding.encode(told))


def opened(look: Any, cam: Daemon) -> Page:
    page: Page = look.page()
    page.goto(cam.url)
    page.wait_for_selector("#cards article")
    page.wait_for_selector("tr[data-report]")
    return page


@pytest.mark.threat("xss")
def test_words_of_reports_and_targets_are_text(browser: Browser, cam: Daemon, shoot: Any) -> None:
    with watched(browser, lambda url: url.startswith((cam.url, "data:,"))) as found:
        page = opened(found, cam)
        assert page.locator("tr[data-report]").count() == len(PAYLOADS)
        assert_nothing_born_of_data(page)
        assert (
            page.locator("img, svg:not(.strip), #main script, #main style, #main link, #main meta").count()
            == 0
        )
        page.locator("summary").click()
        page.get_by_role("searchbox", name="Text").fill("<SCRIPT>alert(1)")
        assert page.locator("tr[data-report]").count() == 1
        assert "<script>alert(1)</script>" in page.locator("tr[data-report]").inner_text()
        page.get_by_role("searchbox", name="Text").fill("")
        page.get_by_role("combobox", name="Cause").select_option("dns")
        assert page.locator("tr[data-report]").count() == len(PAYLOADS)
        assert "dns (low)" in page.locator("tr[data-report]").first.inner_text()
        page.get_by_role("combobox", name="Cause").select_option("")
        for payload in PAYLOADS:
            if payload.strip():
                page.get_by_role("combobox", name="Target").select_option(payload)
                assert page.locator("tr[data-report]").count() >= 1, payload
        page.get_by_role("combobox", name="Target").select_option("")
        assert_nothing_born_of_data(page)
        assert violations(page) == []
        shoot(page, "light")


@pytest.mark.threat("xss")
@pytest.mark.parametrize("number", range(0, len(PAYLOADS), 3))
def test_words_in_the_address_are_text(browser: Browser, cam: Daemon, number: int) -> None:
    payload = PAYLOADS[number]
    with watched(browser, lambda url: url.startswith((cam.url, "data:,"))) as found:
        page = found.page()
        page.goto(f"{cam.url}/?{urlencode({'target': payload, 'cause': payload, 'q': payload})}")
        page.wait_for_selector("#reports")
        page.wait_for_function("() => document.querySelector('#found').textContent.includes(' of ')")
        assert_nothing_born_of_data(page)


@pytest.mark.threat("xss")
def test_without_scripts_they_are_text_too(browser: Browser, cam: Daemon) -> None:
    with watched(
        browser, lambda url: url.startswith((cam.url, "data:,")), java_script_enabled=False
    ) as found:
        page = found.page()
        page.goto(cam.url)
        assert page.locator("#plain tr").count() > len(PAYLOADS)
        assert page.locator("img, svg, iframe, form, #plain script, #plain style, #plain base").count() == 0


@pytest.mark.threat("xss")
def test_scripts_and_requests_that_are_not_ours_are_stopped(browser: Browser, cam: Daemon) -> None:
    """Were a word to become markup after all, the policy would hold."""
    context = browser.new_context()
    page = context.new_page()
    asked: list[str] = []

    def forged(route: Any) -> None:
        answer = route.fetch()
        added = "<script>window.ran = 1</script><img src='http://127.0.0.1:9/x.png' onerror='window.ran = 2'>"
        route.fulfill(
            response=answer, body=answer.text().replace('<main id="main">', f'<main id="main">{added}')
        )

    page.route(f"{cam.url}/", forged)
    page.on("requestfinished", lambda request: asked.append(request.url))
    page.goto(cam.url)
    page.wait_for_selector("#cards article")
    assert page.evaluate("() => window.ran === undefined")
    assert (
        page.evaluate(
            "() => { try { document.body.innerHTML = '<b>'; return 'made' } catch (e) { return e.name } }"
        )
        == "TypeError"
    )
    assert not [url for url in asked if not url.startswith((cam.url, "data:,"))]
    context.close()
