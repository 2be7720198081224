"""Reports of a Go program: its pprof's files become the same documents, and the same story."""

import gzip
import json
from pathlib import Path

import pytest

from model.capture import Outcome, PartOutcome
from model.manifest import Manifest
from report.evidence import program
from report.pprof_pb2 import Profile
from report.render import METRICS_DIFF, VIEWS, render
from tests.reports import assert_valid_report
from tests.unit.report.drawings import HOSTILE
from tests.unit.report.goreports import Answer, fetch, make_go_report, recorded


def drawn(home: Path) -> Manifest:
    manifest = render(home)
    assert assert_valid_report(home) == manifest
    return manifest


def only(answers: list[Answer], *what: str) -> list[Answer]:
    return [answer for answer in answers if answer[0] in what]


def test_a_blocked_loop_is_named_by_looks_and_the_cpu_comes_next(tmp_path: Path) -> None:
    home = make_go_report(tmp_path, recorded("blocked"))
    manifest = drawn(home)
    assert manifest.rendering.detail == ""
    assert manifest.rendering.from_looks == 0
    assert manifest.rendering.sampled_s == pytest.approx(4.0, abs=0.02)
    first, second, *_ = manifest.top_stacks
    assert (first.thread, first.function, first.state) == (
        "goroutine 1 main.main",
        "main.fetchPrices",
        "waiting",
    )
    assert (first.share, first.os_thread_id) == (1.0, 0)
    assert (second.thread, second.state) == ("CPU 1", "running")
    page = (home / "report.html").read_text()
    for said in (
        "The loop&#x27;s goroutine (1) was in net/http.(*persistConn).roundTrip (select), called by "
        "main.fetchPrices in 2 of 2 looks.",
        "CPU profile: ",
        "the order of stacks means nothing",
        "scaler (at scaler.example.org:8085)",
        "5 goroutines in net/http.(*persistConn).roundTrip, longest 1 minute (select), "
        "called by main.refresh",
        "heap: memory in use (inuse_space)",
        "mutex: time waited (delay)",
    ):
        assert said in page, said
    assert "GIL" not in page.partition('<script type="application/json"')[0]


def test_a_computing_loop_is_named_by_both(tmp_path: Path) -> None:
    manifest = drawn(make_go_report(tmp_path, recorded("cpu")))
    loop, lane, *_ = manifest.top_stacks
    assert loop.thread == "goroutine 1 main.main"
    assert {loop.function, lane.function} <= {"main.binpack", "main.score"}
    assert (loop.state, lane.state) == ("running", "running")
    assert lane.thread == "CPU 1"


def test_every_document_has_the_cpu_time_and_the_looks(tmp_path: Path) -> None:
    home = make_go_report(tmp_path, recorded("cpu"))
    drawn(home)
    us = {}
    for line in (home / "profile.collapsed").read_text().splitlines():
        thread = line.partition(";")[0]
        us[thread] = us.get(thread, 0) + int(line.rpartition(" ")[2])
    assert us["goroutine 1 main.main"] == pytest.approx(4_100_000, abs=1000)
    assert 1_500_000 < us["CPU 1"] <= 4_010_000
    speedscope = json.loads((home / "profile.speedscope.json").read_bytes())
    assert [each["name"] for each in speedscope["profiles"]][:2] == ["goroutine 1 main.main", "CPU 1"]
    profile = Profile.FromString(gzip.decompress((home / "profile.pb.gz").read_bytes()))
    assert sum(sample.value[1] for sample in profile.sample) == 1000 * sum(us.values())
    assert "main.binpack" in (home / "flamegraph.svg").read_text()
    stacks = (home / "stacks.txt").read_text()
    assert stacks.startswith("Verdict: ")
    assert stacks.partition("\n\n")[2].startswith(
        "Goroutines of scaler (at scaler.example.org:8085), innermost frame first\n"
    )
    assert stacks.index("the loop's goroutine 1 in main.") < stacks.index("5 goroutines in ")


def test_looks_alone_stand_in_and_that_is_said(tmp_path: Path) -> None:
    home = make_go_report(tmp_path, only(recorded("blocked"), "goroutine_dump"))
    manifest = drawn(home)
    assert (manifest.rendering.sampled_s, manifest.rendering.from_looks) == (0, 2)
    assert manifest.top_stacks[0].function == "main.fetchPrices"
    page = (home / "report.html").read_text()
    assert (
        "There is no CPU profile: times and shares are from 2 looks, each of which holds until the next."
        in page
    )
    assert "4.1 s from 2 looks" in page


def test_a_cpu_profile_alone_says_that_waiting_is_not_known(tmp_path: Path) -> None:
    home = make_go_report(tmp_path, only(recorded("cpu"), "cpu", "goroutines"))
    manifest = drawn(home)
    assert [top.thread for top in manifest.top_stacks] == ["CPU 1", "CPU 2"]
    page = (home / "report.html").read_text()
    assert "There is no look at all goroutines, so what they waited for is not known." in page
    assert "No look at the threads of scaler was taken." in (home / "stacks.txt").read_text()


def test_what_failed_is_missing_with_its_remedy_and_told_once(tmp_path: Path) -> None:
    gone = [
        fetch("cpu", "", at, at, 0, detail="profiling is off", remedy="start it with --profiling=true")
        for at in range(3)
    ]
    part = PartOutcome(name="pprof", outcome=Outcome.PARTIAL, seconds=1, detail="profiling is off")
    home = make_go_report(tmp_path, [], failed=gone, parts=[part])
    manifest = drawn(home)
    assert manifest.top_stacks == ()
    page = (home / "report.html").read_text()
    assert "pprof: the CPU profile, 3 times: profiling is off (HTTP 404)." in page
    assert "What helps: start it with --profiling=true." in page
    assert "pprof: partial" not in page


@pytest.mark.parametrize("what", ["goroutine_dump", "cpu", "heap"])
@pytest.mark.parametrize("damage", [b"", b"\x1f\x8b\x08", b"{}", b"goroutine 1 [", b"\xff\xfe\x00"])
def test_damage_costs_its_own_file_only(tmp_path: Path, what: str, damage: bytes) -> None:
    answers = recorded("blocked")
    damaged = next(at for at, answer in enumerate(answers) if answer[0] == what)
    answers[damaged] = (*answers[damaged][:4], damage)
    home = make_go_report(tmp_path, answers)
    manifest = drawn(home)
    assert f"evidence/{answers[damaged][1]} cannot be read: " in manifest.rendering.detail
    assert manifest.top_stacks[0].function == "main.fetchPrices"
    assert set(VIEWS) <= {file.name for file in home.iterdir()}


@pytest.mark.parametrize("index", [b"", b"{}", b'{"collector": 1}', b"\xff"])
def test_a_damaged_index_is_told(tmp_path: Path, index: bytes) -> None:
    home = make_go_report(tmp_path, recorded("cpu"), index=index)
    manifest = drawn(home)
    assert "evidence/pprof.fetches.json cannot be read" in manifest.rendering.detail
    assert manifest.top_stacks == ()


def test_an_index_opens_no_file_that_was_not_accepted(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.txt"
    elsewhere.write_text("goroutine 1 [running]:\nmain.secret()\n\t/a.go:1\n")
    stray = fetch("goroutine_dump", f"evidence/../../{elsewhere.name}", 0, 0.1, 1)
    home = make_go_report(tmp_path, [], failed=[stray])
    assert drawn(home).top_stacks == ()
    assert "main.secret" not in (home / "stacks.txt").read_text()


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_evil_names_forge_nothing(tmp_path: Path, name: str) -> None:
    text = (
        f"goroutine 1 [{name}]:\n{name}(0x1)\n\t{name}:3 +0x1\nmain.main()\n\t/a.go:1\ncreated by {name}\n\n"
    )
    dump = (text + f"goroutine 2 [select]:\n{name}()\n").encode()
    answers = [("goroutine_dump", f"pprof-goroutines-{at:03}.txt", at, at + 0.1, dump) for at in (0, 1)]
    failed = [fetch(name, "", 0, 1, 0, detail=name, remedy=name)]
    log = {"evidence/loglines.log": ("loglines", name.encode())}
    home = make_go_report(tmp_path, answers, failed=failed, extra=log)
    drawn(home)
    page = (home / "report.html").read_text().partition('<script type="application/json"')[0]
    for evil in ("<script>alert", "<img", "<svg onload"):
        assert evil not in page
        assert evil not in (home / "flamegraph.svg").read_text()
    threads = [line.partition(";")[0] for line in (home / "profile.collapsed").read_text().splitlines()]
    assert all(thread.startswith("goroutine ") for thread in threads)


def test_of_other_profiles_the_ten_largest_functions_are_shown(tmp_path: Path) -> None:
    home = make_go_report(tmp_path, recorded("blocked"))
    drawn(home)
    section = (
        (home / "report.html").read_text().partition('<section id="profiles"')[2].partition("</section>")[0]
    )
    assert "MiB in all" in section
    assert "<code>main.watch</code>" in section
    assert section.count("<tr>") <= 20


def test_the_last_log_lines_are_shown_escaped_and_folded(tmp_path: Path) -> None:
    lines = "".join(f"I0929 06:59:22 <b>line {number}</b>\x1b[31m\n" for number in range(400)).encode()
    home = make_go_report(tmp_path, [], extra={"evidence/loglines.log": ("loglines", lines)})
    drawn(home)
    page = (home / "report.html").read_text()
    assert "evidence/loglines.log: the last 300 lines" in page
    assert "&lt;b&gt;line 399&lt;/b&gt;\\x1b[31m" in page
    assert "line 99&lt;" not in page
    assert METRICS_DIFF not in {file.name for file in home.iterdir()}


@pytest.mark.parametrize(("mode", "first"), [("cpu", "CPU 1"), ("blocked", "goroutine 1 main.main")])
def test_a_goroutine_that_may_be_the_loops_and_only_waits_gives_way_to_a_busy_cpu(
    tmp_path: Path, mode: str, first: str
) -> None:
    """Its function is not known by its name here."""
    dumps = [
        (*answer[:4], answer[4].replace(b"RunOnce", b"Turn"))
        for answer in only(recorded("blocked"), "goroutine_dump")
    ]
    home = make_go_report(tmp_path, [*dumps, *only(recorded(mode), "cpu")])
    assert drawn(home).top_stacks[0].thread == first
    assert "the loop's" not in (home / "stacks.txt").read_text()
    page = (home / "report.html").read_text()
    assert ("Goroutine 1 was in net/http." in page) == (mode == "blocked")


def test_dumps_beyond_what_fits_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = recorded("blocked")
    first = next(len(answer[4]) for answer in answers if answer[0] == "goroutine_dump")
    monkeypatch.setattr(program, "MOST_DUMP_BYTES", first)
    manifest = drawn(make_go_report(tmp_path, answers))
    assert "evidence/pprof-goroutines-001.txt is not read" in manifest.rendering.detail
    assert manifest.top_stacks[0].function == "main.fetchPrices"


def test_little_cpu_time_is_called_little(tmp_path: Path) -> None:
    answers = only(recorded("blocked"), "goroutine_dump")
    message = Profile(string_table=["", "cpu", "nanoseconds"], duration_nanos=4_000_000_000)
    message.sample_type.add(type=1, unit=2)
    idle = ("cpu", "pprof-cpu-000.pb.gz", 0.0, 4.0, message.SerializeToString())
    home = make_go_report(tmp_path, [*answers, idle])
    manifest = drawn(home)
    assert (manifest.rendering.sampled_s, manifest.rendering.from_looks) == (4.0, 0)
    assert "CPU profile: it was on no CPU over 4 s." in (home / "report.html").read_text()
