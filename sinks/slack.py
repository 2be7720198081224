"""A notification as a message for Slack: blocks, and a text for where blocks cannot be shown.

What comes from a target may hold anything: it is escaped as Slack asks for, and no `@here` in it calls.
"""

import re
from collections.abc import Iterator
from typing import Any

from model.news import Moment, News

Block = dict[str, Any]

_LONGEST_TEXT = 1200  # letters, escaped; Slack refuses a message where a block has more than 3000
_LONGEST_FIELD = 500  # of 2000
_CALLS = re.compile(r"@(?=channel\b|here\b|everyone\b)", re.IGNORECASE)
_NO_CALL = "@\N{ZERO WIDTH SPACE}"
_MOST_LABELS = 8
_ESCAPED = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_ESCAPES = str.maketrans(_ESCAPED)


def message(news: News) -> Block:
    """The message; every text in it is escaped."""
    lines = (f"*{_title(news)}*", _plain(_sentence(news), _LONGEST_TEXT))
    facts = [_text(f"*{name}*\n{_plain(value, _LONGEST_FIELD)}") for name, value in _facts(news)]
    blocks: list[Block] = [{"type": "section", "text": _text("\n".join(filter(None, lines)))}]
    blocks.append({"type": "section", "fields": facts[:10]})
    blocks.append({"type": "context", "elements": [_text(_origin(news))]})
    return {"text": " ".join(filter(None, (_title(news) + ":", lines[1]))), "blocks": blocks}


def _text(text: str) -> Block:
    return {"type": "mrkdwn", "text": text, "verbatim": True}  # nothing becomes a link or a name by itself


def _title(news: News) -> str:
    what = "loopcam drill" if news.drill else "Stall"
    done = "captured" if news.moment is Moment.ACCEPTED else "report stored"
    return f"{what} of {_plain(news.target, _LONGEST_FIELD)}: {done}"


def _sentence(news: News) -> str:
    if news.verdict is not None:
        return news.verdict.sentence
    return news.reason


def _facts(news: News) -> Iterator[tuple[str, str]]:
    if news.verdict is not None:
        yield "Cause", f"{news.verdict.cause} ({news.verdict.confidence} confidence)"
        yield "Trigger", news.reason
    if news.age_s is not None:
        over = f" of {news.threshold_s:.3g} s" if news.threshold_s is not None else ""
        yield "Age of the iteration", f"{news.age_s:.3g} s{over}"
    if news.duration_s is not None:
        yield "It took", f"{news.duration_s:.3g} s"
    if news.function and news.function_share is not None:
        yield "Most of its time in", f"{news.function} ({news.function_share:.0%})"
    if news.signature:
        yield "Signature", news.signature
    yield "Capture", news.outcome
    if labels := list(news.labels.items())[:_MOST_LABELS]:
        yield "Labels", ", ".join(f"{name}={value}" for name, value in labels)


def _origin(news: News) -> str:
    where = f"pid {news.pid} on {news.host}" if news.pid else f"seen from {news.host}"
    said = _plain(f"{news.report} · {where} · {news.triggered_at}", _LONGEST_TEXT)
    return f"{said}\n{_link(news.link)}" if news.link else said


def _link(link: str) -> str:
    """A link that can be followed, or where the report is in words."""
    shown = _escaped(link).replace("|", "%7C")
    if not link.startswith(("https://", "http://")) or len(shown) > _LONGEST_TEXT:
        return _plain(link, _LONGEST_TEXT)
    return f"<{shown}|Open the report>"


def _plain(text: str, longest: int) -> str:
    """A text as it is meant, in one line: no markup, no mention, no link."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text[:longest]).split())
    cut, left = len(line), longest
    for place, letter in enumerate(line):
        left -= len(_ESCAPED.get(letter, letter))
        if left < 0:
            cut = place
            break
    whole = cut == len(line) and len(text) <= longest
    return _CALLS.sub(_NO_CALL, _escaped(line[:cut] if whole else f"{line[:cut]}…"))


def _escaped(text: str) -> str:
    return text.translate(_ESCAPES)
