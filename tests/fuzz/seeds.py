"""Whole examples of everything that is parsed."""

import json
import tempfile
from pathlib import Path

from daemon.spool.incoming import Line
from model import coding
from model.baseline import Baseline
from model.capture import Dump
from model.report import CAPTURE_FILE, MANIFEST_FILE
from report.pprof_pb2 import Profile
from report.render import unrendered
from tests.reports import DEFAULT_ROWS, PID, look, make_report, trace

HEARTBEATS = (
    b'{"event": "start", "target": "one", "iteration": 17}',
    b'{"event": "end", "iteration": "a"}',
    b'{"event": "beat"}',
)
DATAGRAMS = (b"start one 17", b"end", b"idle one\n")
LOGS = (
    b"2026-11-28T08:00:00Z start 17\nnothing\n2026-11-28T08:00:01Z end\n",
    b"2026-11-28T08:00:00.123456789Z stdout P start \n2026-11-28T08:00:00.2Z stdout F 17\n",
    b'{"log":"start 17\\n","stream":"stdout","time":"2026-11-28T08:00:00.1Z"}\n',
    "\ufefffirst\r\nstart é\r\n".encode(),
)
EXPOSITIONS = (
    b'# TYPE up_seconds gauge\nup_seconds{a="b\\n\\"c"} 1.5 1795814487000\nup_seconds NaN\n# EOF\n',
    b'# TYPE h histogram\nh_bucket{le="0.1"} 1\nh_bucket{le="+Inf"} 2\nh_sum 1e3\nh_count 2\n',
)
TRACES = (trace(DEFAULT_ROWS, 1.0),)
LOOKS = (look(DEFAULT_ROWS[:2], active=[PID], owner=PID),)
STATES = (json.dumps({str(PID): {"state": "S", "wchan": "futex_do_wait"}}).encode(),)
GOROUTINES = (
    b"goroutine 1 [select, 5 minutes]:\nmain.(*loop).RunOnce(0xc000)\n\t/a/loop.go:17 +0x1d\n"
    b"created by main.main in goroutine 7\n\t/a/main.go:1 +0x2\n\n",
)
CONFIGURATIONS = (
    b"targets:\n  - name: one\n    process: {match: 'python'}\n    max_loop_time: 2m\n",
    b"labels: {b: c}\ntargets: [{name: one, process: {pid: 1}, max_loop_time: 1s}]\n",
)
JOURNALS = (
    coding.encode(Line(dump=Dump(path="evidence/0.json", states_path=None, sampler="pyspy", at_s=1.0))),
)
LIMITS = (b'{"boot_id":"b","targets":{"one":{"captures":[{"boot_s":1.0,"wall_s":2.0}]}}}',)
PLACES = (b'{"version":1,"log":"/var/log/app.log"}',)
BASELINES = (coding.encode(Baseline(target="one")),)


def _profile() -> bytes:
    message = Profile(string_table=["", "samples", "count", "main.f", "/a.go"], period=10_000_000)
    message.sample_type.add(type=1, unit=2)
    message.function.add(id=1, name=3, filename=4)
    message.location.add(id=1).line.add(function_id=1, line=17)
    message.sample.add(location_id=[1], value=[5])
    return bytes(message.SerializeToString())


def _report() -> tuple[bytes, bytes]:
    """A capture, and the manifest of its report."""
    with tempfile.TemporaryDirectory() as folder:
        home = make_report(Path(folder))
        unrendered(home, "for an example")
        return (home / CAPTURE_FILE).read_bytes(), (home / MANIFEST_FILE).read_bytes()


PROFILES = (_profile(),)
CAPTURES, MANIFESTS = ((one,) for one in _report())
