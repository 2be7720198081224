"""The plain page at `/`: targets and reports, without a script."""

import re
from collections.abc import Iterable
from html import escape as escape_markup

from daemon.spool.state import Delivery, Progress
from daemon.web.status import InFlightStatus, ReportStatus, SourceStatus, Status, TargetStatus
from model.units import ByteSize, Seconds

# What does not print, or turns the direction of its surroundings.
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)
_EMPTY = '<tr><td colspan="7" class="dim">None yet. An iteration that overruns makes one.</td></tr>'


def page(status: Status, reports: Iterable[ReportStatus], nonce: str) -> str:
    """The whole page; every name in it is escaped. A browser with scripts goes on with `live.js`."""
    rows = "".join(map(_report, reports))
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>loopcam</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<noscript><meta http-equiv="refresh" content="5"></noscript>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/assets/live.css" nonce="{nonce}">
<script type="module" src="/assets/live.js" nonce="{nonce}"></script></head><body>
<header><h1>loopcam <small>{escape(status.version)}</small></h1>
<p id="connection" role="status"></p></header>
<main id="main">
<div id="said" role="status" aria-live="polite"></div>
<div id="plain">
{_disabled(status)}{_refused(status)}
<h2>Targets</h2>
<table><tr><th>Target<th>State<th>Iteration in flight<th>The next overrun<th>Captures left this hour</tr>
{"".join(map(_target, status.targets))}</table>
<h2>Sources</h2>
<table><tr><th>Target<th>Source<th>Mode<th>Last event<th>Now</tr>
{"".join(map(_sources, status.targets))}</table>
{_all_triggers(status.targets)}<h2>Reports</h2>
<table><tr><th>When (UTC)<th>Target<th>Why<th>Outcome<th>Verdict<th>Stored<th>Keep</tr>
{rows or _EMPTY}</table>
<p class="dim">{status.spool_reports} reports, {ByteSize(status.spool_bytes)} in the spool.
{_damaged(status)}</p>
</div></main>
</body></html>
"""


def escape(text: str) -> str:
    """Text for an element or an attribute, on one line; what cannot be seen is shown as an escape."""
    return escape_markup(_UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text))


def _target(target: TargetStatus) -> str:
    where = f"pid {target.pid}" if target.pid else target.address or "no process"
    says, tone, remedy = _would(target)
    return (
        f"<tr><td>{escape(target.name)} <small>{escape(where)}</small><td>{escape(target.state)}"
        f"<td>{_in_flight(target.in_flight)}"
        f'<td class="{tone}">{escape(says)} <small>{escape(remedy)}</small>'
        f"<td>{target.limits.captures_left_this_hour}</tr>"
    )


def _would(target: TargetStatus) -> tuple[str, str, str]:
    """What would become of the next overrun, how good that is, and what helps."""
    says, tone, remedy = "captured", "good", target.remedy
    if any(source.decides and not source.up for source in target.sources):
        says, tone, remedy = "not noticed: its source hears nothing", "bad", ""
    elif target.limits.would_refuse:
        says, tone = f"refused: {target.limits.why}", "bad"
    elif target.detail:
        says, tone = f"captured, but {target.detail}", "bad"
    if target.capturing:
        return "none, as a capture is in progress", "", ""
    if target.waiting:
        says = f"a capture waits for the next iteration; else {says}"
    return says, tone, remedy


def _sources(target: TargetStatus) -> str:
    return "".join(_source(target.name, source) for source in target.sources)


def _source(target: str, source: SourceStatus) -> str:
    age_s = source.last_event_age_s
    last = '<span class="dim">none</span>' if age_s is None else f"{Seconds(round(age_s, 1))} ago"
    says = "hears its target" if source.up else source.detail
    decides = ", decides" if source.decides else ""
    return (
        f"<tr><td>{escape(target)}<td>{escape(source.name)}<td>{escape(source.mode)}<td>{last}"
        f'<td class="{"good" if source.up else "bad"}">{escape(says)}{decides}'
        f" <small>{escape(source.remedy)}</small></tr>"
    )


def _all_triggers(targets: Iterable[TargetStatus]) -> str:
    """What else brings a capture; no table where nothing does."""
    rows = "".join(
        f"<tr><td>{escape(target.name)}<td>{escape(one.name)}<td>{escape(one.says)}</tr>"
        for target in targets
        for one in target.triggers
    )
    head = "<h2>Triggers</h2>\n<table><tr><th>Target<th>Trigger<th>Now</tr>\n"
    return f"{head}{rows}</table>\n" if rows else ""


def _in_flight(current: InFlightStatus | None) -> str:
    if current is None:
        return '<span class="dim">none</span>'
    age = f"{Seconds(round(current.age_s, 1))} of {Seconds(current.threshold_s)}"
    value = min(1.0, current.age_s / current.threshold_s)
    meter = f'<meter value="{value:.2f}" low="0.75" high="0.99" optimum="0" aria-label="{age}"></meter>'
    return f"{meter} {age}"


def _report(report: ReportStatus) -> str:
    when = f"<time>{escape(report.triggered_at[:19].replace('T', ' '))}</time>"
    keep = ""
    if report.drawn:
        where = f"/v1/reports/{escape(report.id)}"
        when = f'<a href="{where}/report.html">{when}</a>'
        keep = f'<a href="{where}.tar.gz" download>archive</a>'
    stored = "<br>".join(_stored(sink, delivery) for sink, delivery in sorted(report.sinks.items()))
    return (
        f"<tr><td>{when}<td>{escape(report.target)}<td>{escape(report.reason)}"
        f"<td>{escape(report.outcome)}<td>{_verdict(report)}<td>{stored}<td>{keep}</tr>"
    )


def _verdict(report: ReportStatus) -> str:
    said = report.verdict
    if said is None:
        return escape(f"most seen: {report.top}") if report.top else ""
    cause = f"{said.cause.replace('_', ' ')} ({said.confidence})"
    return f"<strong>{escape(cause)}</strong> {escape(said.sentence)}"


def _stored(sink: str, delivery: Delivery) -> str:
    said = delivery.location or "; ".join(filter(None, (delivery.error, delivery.remedy)))
    detail = f" <small>{escape(said)}</small>" if said else ""
    tone = "bad" if delivery.progress is Progress.DEAD else ""
    return f'{escape(sink)}: <span class="{tone}">{escape(delivery.progress)}</span>{detail}'


def _disabled(status: Status) -> str:
    return '<p class="bad">Captures are disabled by the switch file.</p>' if status.disabled else ""


def _refused(status: Status) -> str:
    if not status.refused_config:
        return ""
    faults = escape(status.refused_config)
    return f'<p class="bad">The newest configuration was refused, the one before is in use: {faults}</p>'


def _damaged(status: Status) -> str:
    count = status.spool_damaged
    return f'<span class="bad">{count} damaged entries were set aside.</span>' if count else ""
