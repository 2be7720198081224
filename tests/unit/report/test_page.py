"""report.html: self-contained, and closed to what it shows."""

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from model.capture import Outcome, PartOutcome
from report.page.markup import Markup, tag
from report.render import render
from report.views import page
from tests.reports import PID, assert_valid_report, make_report, trace


@pytest.fixture
def html(tmp_path: Path) -> str:
    home = make_report(tmp_path, labels={"cluster": "prod<1>"})
    render(home)
    assert_valid_report(home)
    return (home / "report.html").read_text()


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, name: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((name, dict(attributes)))


def test_nothing_is_loaded_from_elsewhere(html: str) -> None:
    parsed = _Page()
    parsed.feed(html)
    assert not [
        each for each in parsed.elements if each[1].get("src") or each[0] in ("link", "iframe", "img")
    ]
    links = [attributes["href"] for name, attributes in parsed.elements if name == "a"]
    assert links
    assert all(link and link.startswith(("./", "#")) for link in links)


def test_the_policy_allows_our_scripts_by_hash_and_nothing_else(html: str) -> None:
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)
    assert policy.startswith("default-src &#x27;none&#x27;; script-src ")
    assert "unsafe" not in policy
    for script in re.findall(r"<script>(.*?)</script>", html, re.DOTALL):
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert digest in policy
    assert policy.count("sha256-") == len(page.load().scripts) + 1


def test_no_inline_style_or_handler_is_used_since_the_policy_forbids_it(html: str) -> None:
    parsed = _Page()
    parsed.feed(html)
    assert not [(name, key) for name, attributes in parsed.elements for key in attributes if key == "style"]
    assert not [
        (name, key) for name, attributes in parsed.elements for key in attributes if key.startswith("on")
    ]


def test_scripts_cannot_end_their_own_element() -> None:
    for script in page.load().scripts:
        assert "</script" not in script.lower()
        assert "<!--" not in script


def test_our_script_makes_text_and_never_markup_of_data() -> None:
    own = page.load().scripts[-1]
    for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", ".html(", "eval(", "document.write"):
        assert way not in own


def test_an_ordinary_page_is_small(html: str) -> None:
    assert len(html) < 300_000


def test_the_licences_of_the_scripts_travel_with_the_page(html: str) -> None:
    assert "Copyright 2010-2021 Mike Bostock" in html
    assert "Apache License" in html


def test_it_tells_what_happened_and_what_is_missing(tmp_path: Path) -> None:
    part = PartOutcome(
        name="host", outcome=Outcome.FAILED, seconds=0.2, detail="no cgroup", remedy="mount /sys/fs/cgroup"
    )
    home = make_report(tmp_path, parts=[part], outcome=Outcome.PARTIAL)
    render(home)
    assert_valid_report(home)
    html = (home / "report.html").read_text()
    for said in (
        "demo: an iteration ran for over 5.07 s (limit 2 s)",
        "Iteration 17 of loop main in demo (pid 4242 on box) had been running for 2 s",
        "The iteration was still running when the capture closed.",
        "The capture is not complete: partial.",
        "host: failed (no cgroup). What helps: mount /sys/fs/cgroup.",
    ):
        assert said in html, said


def test_many_threads_are_folded_away(tmp_path: Path) -> None:
    rows = [(0.0, PID + number, f"w{number}", [("work", "/srv/a.py", 1)]) for number in range(20)]
    home = make_report(tmp_path, segments=[trace(rows, 1.5)])
    render(home)
    assert_valid_report(home)
    assert "14 more threads" in (home / "report.html").read_text()


def test_text_becomes_markup_in_one_place_only() -> None:
    assert tag("p", "<b>", tag("i", "&"), class_='"x') == '<p class="&quot;x">&lt;b&gt;<i>&amp;</i></p>'
    assert tag("details", open=True) == "<details open></details>"
    assert tag("details", open=False) == "<details></details>"
    assert tag("p", Markup("<b>")) == "<p><b></p>"
