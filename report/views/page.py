"""report.html: one page that opens offline, with the time, the threads and the flame graph to walk through.

Nothing in it can run but our own scripts: the policy names their hashes, text is escaped in one place,
and data stands in a block that no parser takes for markup.
"""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from report import words
from report.baseline.trees import baseline_trees
from report.drawing import Drawing
from report.page import (
    axis,
    comparison,
    data,
    facts,
    fetched,
    graph,
    iteration,
    parts,
    runs,
    signals,
    terms,
    timeline,
    verdict,
)
from report.page.axis import Axis
from report.page.goroutines import goroutines
from report.page.markup import Markup, join, tag
from report.page.runs import Runs
from report.tree import Tree

_ASSETS = Path(__file__).parent.parent / "assets"
_LIBRARIES = ("d3-selection-3.0.0.min.js", "d3-flamegraph-4.1.3.min.js", "uplot-1.6.32.min.js")
_STYLES = ("uplot-1.6.32.min.css", "page/page.css", "page/verdict.css", "page/tracks.css", "page/print.css")
_OWN = (  # one script: what comes first knows nothing of what follows
    "page/data.js",
    "page/selection.js",
    "page/bands.js",
    "page/trees.js",
    "page/graph.js",
    "page/functions.js",
    "page/charts.js",
    "page/export.js",
    "page/main.js",
)


def draw(drawing: Drawing) -> Iterator[bytes]:
    """The whole page."""
    time, packed = axis.of(drawing), runs.pack(drawing.whole, data.ordered(drawing))
    healthy = baseline_trees(drawing.baseline) if drawing.baseline and drawing.comparison else {}
    found = Markup(data.block(drawing, time, packed, healthy).decode())
    body = join(
        Markup(f'<script type="application/json" id="data">{found}</script>'),
        Markup(f'<script type="text/plain" id="licences">{load().licences}</script>'),
        *(Markup(f"<script>{script}</script>") for script in load().scripts),
    )
    page = tag(
        "html",
        tag("head", _head(drawing)),
        tag("body", tag("main", _sections(drawing, time, packed, healthy)), body),
        lang="en",
    )
    yield f"<!doctype html>\n{page}\n".encode()


def _sections(drawing: Drawing, time: Axis, packed: Runs, healthy: Mapping[str, Tree]) -> Markup:
    """What is told, from the answer down to what one only looks up."""
    return join(
        verdict.head(drawing),
        verdict.answer(drawing, time),
        iteration.happened(drawing),
        tag(
            "div",
            timeline.controls(drawing, time, packed),
            timeline.threads(drawing, time, packed),
            graph.graph(drawing, packed, healthy),
            graph.functions(drawing, healthy),
            signals.signals(drawing, time),
            class_="linked",
        ),
        comparison.comparison(drawing),
        goroutines(drawing),
        parts.most(drawing),
        parts.stacks(drawing),
        fetched.profiles(drawing),
        fetched.metrics(drawing),
        fetched.logs(drawing),
        facts.facts(drawing),
        facts.files(drawing),
        verdict.missing(drawing),
        terms.terms(go=drawing.program.seen),
    )


class Assets(NamedTuple):
    """What every page carries."""

    style: str
    scripts: tuple[str, ...]
    licences: str


@cache
def load() -> Assets:
    """The style sheet, the scripts and their licences."""
    own = "\n".join(map(_text, _OWN))
    scripts = (*map(_text, _LIBRARIES), f'"use strict";\n(() => {{\n{own}}})();\n')
    return Assets("\n".join(map(_text, _STYLES)), scripts, _text("LICENSES.md"))


def _text(name: str) -> str:
    return (_ASSETS / name).read_text()


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


def _hash(content: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"
