"""JUnit XML: the form in which CI systems take up what was checked."""

import re
from collections.abc import Iterator, Sequence
from xml.etree import ElementTree

from daemon.exec.demands import Judgement
from daemon.exec.reports import Found
from daemon.exec.tally import Slow
from model.units import Seconds

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def document(target: str, judgements: Sequence[Judgement], reports: Sequence[Found], took_s: float) -> bytes:
    """One test case for each demand; failures name iterations, durations, threshold and reports."""
    broken = sum(bool(one.broken) for one in judgements)
    counts = {"tests": str(len(judgements)), "failures": str(broken), "errors": "0", "time": f"{took_s:.3f}"}
    suites = ElementTree.Element("testsuites", counts)
    suite = ElementTree.SubElement(suites, "testsuite", {"name": _clean(f"loopcam {target}"), **counts})
    for one in judgements:
        about = {"classname": _clean(f"loopcam.{target}"), "name": _clean(one.demand), "time": "0"}
        case = ElementTree.SubElement(suite, "testcase", about)
        if one.broken:
            said = {"message": _clean(one.broken), "type": one.kind}
            failure = ElementTree.SubElement(case, "failure", said)
            failure.text = _clean("\n".join([one.broken, *_details(one, reports)]))
    ElementTree.indent(suites)
    text: bytes = ElementTree.tostring(suites, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _details(one: Judgement, reports: Sequence[Found]) -> Iterator[str]:
    for slow in one.iterations:
        yield words(slow, one.threshold_s)
    for report in reports:
        yield f"report of {report.iteration}: {report.path}"
        if report.verdict:
            yield f"  {report.verdict}"


def words(slow: Slow, threshold_s: float | None) -> str:
    """An iteration in words."""
    took = "took" if slow.ended else "never ended, and took at least"
    allowed = "" if threshold_s is None else f", allowed are {Seconds(threshold_s)}"
    return f"{slow} {took} {Seconds(slow.duration_s)}{allowed}"


def _clean(text: str) -> str:
    """Without the characters that XML cannot hold."""
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}", text)
