"""The difference as one page without a script: both flame graphs, and the table."""

import base64
import hashlib
from typing import Final

from report.baseline import difference
from report.baseline.difference import Difference
from report.baseline.picture import Pair
from report.baseline.profiles.read import Profile
from report.page.markup import Markup, join, section, tag

_STYLE: Final = """
:root{color-scheme:light dark;font:15px/1.5 system-ui,sans-serif}
body{margin:2rem auto;max-width:78rem;padding:0 1rem;background:#fdfcfa;color:#24211d}
h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}
svg{width:100%;height:auto}text{font:11px ui-monospace,Menlo,Consolas,monospace;fill:#24211d}
rect{stroke:#fdfcfa;stroke-width:.8}g:hover>rect{stroke:#24211d}
pre{font:13px/1.45 ui-monospace,Menlo,Consolas,monospace;overflow-x:auto}
@media (prefers-color-scheme:dark){body{background:#16181c;color:#e4e2de}rect{stroke:#16181c}}
"""


def page(found: Difference) -> bytes:
    """A whole page; text in it cannot become markup, and nothing in it can run."""
    pair = Pair(found.before.calls, found.after.calls)
    body = join(
        tag("h1", "What moved"),
        tag(
            "p",
            "Width is time. Red takes more of its threads' time in B than in A, blue less, grey the same.",
        ),
        _side("b", "B", found.after, pair, 1),
        _side("a", "A", found.before, pair, 0),
        section("table", "By function and by thread", tag("pre", _table(found))),
    )
    html = tag("html", tag("head", _head()), tag("body", tag("main", body)), lang="en")
    return f"<!doctype html>\n{html}\n".encode()


def _side(name: str, letter: str, profile: Profile, pair: Pair, side: int) -> Markup:
    note = tag("p", profile.note) if profile.note else ""
    return section(name, f"{letter}: {profile.name}", note, Markup("\n".join(pair.drawn(side))))


def _table(found: Difference) -> Markup:
    return Markup("\n".join(join(line) for line in difference.lines(found)))


def _head() -> Markup:
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return join(
        tag("meta", charset="utf-8"),
        tag("meta", **{"http-equiv": "Content-Security-Policy"}, content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", "loopcam: what moved"),
        Markup(f"<style>{_STYLE}</style>"),
    )
