"""report.html: one page that opens offline, with the flame graph to walk through.

Nothing in it can run but our own scripts: the policy names their hashes, text is escaped in one place,
and data stands in a block that no parser takes for markup.
"""

import base64
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from report import words
from report.drawing import Drawing
from report.page import data, facts, fetched, parts
from report.page.goroutines import goroutines
from report.page.markup import Markup, join, tag

_ASSETS = Path(__file__).parent.parent / "assets"
_SCRIPTS = ("d3-selection-3.0.0.min.js", "d3-flamegraph-4.1.3.min.js", "page.js")


def draw(drawing: Drawing) -> Iterator[bytes]:
    """The whole page."""
    body = join(
        parts.head(drawing),
        parts.story(drawing),
        parts.threads(drawing),
        parts.graph(drawing),
        goroutines(drawing),
        parts.stacks(drawing),
        fetched.profiles(drawing),
        fetched.metrics(drawing),
        fetched.logs(drawing),
        facts.facts(drawing),
        facts.files(drawing),
    )
    graph = Markup(data.graph(drawing).decode())
    block = Markup(f'<script type="application/json" id="data">{graph}</script>')
    licences = Markup(f'<script type="text/plain" id="licences">{load().licences}</script>')
    page = tag(
        "html",
        tag("head", _head(drawing)),
        tag("body", tag("main", body), block, licences, *_scripts()),
        lang="en",
    )
    yield f"<!doctype html>\n{page}\n".encode()


class Assets(NamedTuple):
    """What every page carries."""

    style: str
    scripts: tuple[str, ...]
    licences: str


@cache
def load() -> Assets:
    """The style sheet, the scripts and their licences."""
    style, licences = ((_ASSETS / name).read_text() for name in ("page.css", "LICENSES.md"))
    return Assets(style, tuple((_ASSETS / name).read_text() for name in _SCRIPTS), licences)


def _head(drawing: Drawing) -> Markup:
    style, scripts, _ = load()
    policy = (
        f"default-src 'none'; script-src {' '.join(map(_hash, scripts))}; style-src {_hash(style)}; "
        "base-uri 'none'; form-action 'none'"
    )
    return join(
        tag("meta", charset="utf-8"),
        tag("meta", **{"http-equiv": "Content-Security-Policy"}, content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", words.headline(drawing.capture)),
        Markup(f"<style>{style}</style>"),
    )


def _scripts() -> tuple[Markup, ...]:
    return tuple(Markup(f"<script>{script}</script>") for script in load().scripts)


def _hash(content: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"
