"""Evidence by HTTP of a real Go program: what its profiles and dumps say while its loop stalls."""

import asyncio
import gzip
import re
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from collectors import pprof_taking
from collectors.pprof import Pprof
from daemon.capture.window import CaptureWindow
from daemon.targets.held import HeldAddress
from model import coding
from model.capture import Outcome, WindowEnd
from model.errors import CollectorError
from model.fetches import Fetch, Fetches
from report import pprof_pb2
from tests.autoscaler import Autoscaler
from tests.live.captures import Studio, Taken, until
from tests.prerequisites import require
from tests.serving import collected, target

Starts = Callable[..., Autoscaler]
QUICK = ("--scan-interval", "20ms")
LONG_S = 60.0
GOROUTINES = Pprof(profiles=("goroutines",))


def told(index: Path, what: str = "") -> list[Fetch]:
    """What an index tells, of one profile or of all."""
    fetches = coding.decode(index.read_bytes(), Fetches).fetches
    return [one for one in fetches if what in ("", one.what)]


def profile(taken: Taken, file: str) -> pprof_pb2.Profile:
    """A profile, read with the official definitions."""
    data = gzip.decompress((taken.directory / "evidence" / file).read_bytes())
    return pprof_pb2.Profile.FromString(data)


def spent(cpu: pprof_pb2.Profile) -> Counter[str]:
    """The functions of our program at the top of its stacks, with the time that was spent in them."""
    functions = {one.id: cpu.string_table[one.name] for one in cpu.function}
    tops = {one.id: functions[one.line[0].function_id] for one in cpu.location}
    found = Counter[str]()
    for sample in cpu.sample:
        found[tops[sample.location_id[0]]] += sample.value[1]
    return Counter({name: value for name, value in found.items() if name.startswith("main.")})


def goroutine(dump: str, function: str) -> str:
    """The goroutine that has this function on its stack."""
    (found,) = (one for one in dump.split("\n\n") if f"{function}(" in one)
    return found


@contextmanager
def profiling(scaler: Autoscaler, seconds: int) -> Iterator[None]:
    """Somebody else takes a CPU profile."""
    require("curl")
    url = f"http://{scaler.address}/debug/pprof/profile?seconds={seconds}"
    other = subprocess.Popen(["curl", "-sS", "-o", "/dev/null", url])
    try:
        yield
    finally:
        other.kill()
        other.wait()


async def test_a_cpu_stall_is_in_the_cpu_profile_by_name(autoscaler: Starts, studio: Studio) -> None:
    scaler = autoscaler(*QUICK)
    scaler.stall("cpu")
    everything = Pprof(profiles=("goroutines", "cpu", "heap", "allocs", "mutex", "block", "trace"))
    taken = await studio.take(HeldAddress(scaler.address), 1.0, collectors={"pprof": everything})
    scaler.go()
    assert taken.part.outcome is Outcome.COMPLETE
    ((culprit, _),) = spent(profile(taken, "pprof-cpu-000.pb.gz")).most_common(1)
    assert culprit == "main.binpackingScore"
    top = await asyncio.to_thread(go_tool, "pprof", "-top", taken.directory / "evidence/pprof-cpu-000.pb.gz")
    assert "main.binpackingScore" in top
    for what in ("goroutines", "heap", "allocs", "mutex", "block"):
        assert profile(taken, f"pprof-{what}.pb.gz").sample_type
    assert (taken.directory / "evidence/pprof-trace.out").read_bytes().startswith(b"go 1.")
    fetches = told(taken.directory / "evidence/pprof.fetches.json")
    assert all(one.whole and one.status == 200 for one in fetches)


def go_tool(*arguments: object) -> str:
    """What a tool of Go prints."""
    argv = ["go", "tool", *map(str, arguments)]
    return subprocess.run(argv, capture_output=True, text=True, timeout=50, check=True).stdout


@pytest.mark.parametrize(
    ("kind", "function", "state", "inside"),
    [
        ("mutex", "main.(*autoscaler).refreshNodeGroups", r"sync\.Mutex\.Lock|semacquire", "(*Mutex).Lock"),
        ("channel", "main.(*autoscaler).waitForCloudProvider", "chan receive", ""),
        ("http", "main.(*autoscaler).fetchInstanceTypes", "select", "net/http.(*persistConn).roundTrip"),
        ("syscall", "main.(*autoscaler).readInstanceFile", "syscall", "syscall.Read"),
        ("gc", "main.(*autoscaler).rebuildSnapshot", ".*", ""),
    ],
)
async def test_the_dump_at_the_trigger_says_where_the_loop_is(
    autoscaler: Starts, studio: Studio, kind: str, function: str, state: str, inside: str
) -> None:
    scaler = autoscaler(*QUICK)
    scaler.stall(kind)
    taken = await studio.take(HeldAddress(scaler.address), 0.2, collectors={"pprof": GOROUTINES})
    scaler.go()
    dump = (taken.directory / "evidence/pprof-goroutines-000.txt").read_text()
    stuck = goroutine(dump, function)
    assert "main.(*autoscaler).runOnce" in stuck
    assert inside in stuck
    assert re.match(rf"goroutine \d+ (gp=\S+ m=\S+ (mp=\S+ )?)?\[({state})", stuck)


async def test_hundreds_of_blocked_goroutines_are_all_there(autoscaler: Starts, studio: Studio) -> None:
    scaler = autoscaler(*QUICK, "--blocked", "400")
    await asyncio.to_thread(scaler.wait_for, "net/http.(*persistConn).roundTrip", 400)
    taken = await studio.take(HeldAddress(scaler.address), 0.2, collectors={"pprof": GOROUTINES})
    dump = (taken.directory / "evidence/pprof-goroutines-000.txt").read_text()
    assert dump.count("main.describeInstance(") == 400
    assert dump.count("net/http.(*persistConn).roundTrip(") == 400
    counted = profile(taken, "pprof-goroutines.pb.gz")
    assert max(sample.value[0] for sample in counted.sample) == 400


async def test_another_profiler_is_waited_for(
    autoscaler: Starts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pprof_taking, "BUSY_S", LONG_S)
    scaler = autoscaler(*QUICK)
    window, cpu = CaptureWindow(LONG_S), Pprof(profiles=("cpu",))
    with profiling(scaler, 1):
        await asyncio.to_thread(scaler.wait_for, "net/http/pprof.Profile")
        collecting = asyncio.create_task(collected(cpu, target(scaler.port), window, tmp_path))
        await until((tmp_path / "one-cpu-000.pb.gz").exists, "a profile came")
        window.end(WindowEnd.ITERATION_ENDED)
        came = await collecting
    assert came.error is None
    assert all(one.status == 200 for one in came.of("cpu"))


async def test_another_profiler_that_stays_leaves_goroutine_dumps(
    autoscaler: Starts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pprof_taking, "BUSY_S", 0.3)
    scaler = autoscaler(*QUICK)
    with profiling(scaler, 60):
        await asyncio.to_thread(scaler.wait_for, "net/http/pprof.Profile")
        came = await collected(Pprof(), target(scaler.port), CaptureWindow(0.3), tmp_path)
    outcome, detail, _ = came.failure
    assert outcome == Outcome.PARTIAL
    assert "cpu profiling already in use" in detail
    assert "one-goroutines-000.txt" in came.files


async def test_disabled_profiling_is_told_with_its_flag(autoscaler: Starts, tmp_path: Path) -> None:
    scaler = autoscaler(*QUICK, "--profiling=false")
    whom = target(scaler.port, "cluster-autoscaler")
    came = await collected(Pprof(), whom, CaptureWindow(LONG_S), tmp_path)
    outcome, detail, remedy = came.failure
    assert (outcome, remedy) == (Outcome.UNSUPPORTED, "start cluster-autoscaler with --profiling=true")
    assert "404" in detail
    with pytest.raises(CollectorError, match="404"):
        await Pprof().try_out(whom)


async def test_a_program_that_ends_leaves_what_came(autoscaler: Starts, studio: Studio) -> None:
    scaler = autoscaler(*QUICK)
    held, ending = HeldAddress(scaler.address), list[asyncio.Task[None]]()

    async def end(evidence: Path) -> None:
        index = evidence / "pprof.fetches.json"
        try:
            await until(lambda: index.exists() and told(index, "goroutine_dump"), "a dump came")
            scaler.program.process.kill()
            await until(lambda: 0 in [one.status for one in told(index, "cpu")], "its end is told")
        finally:
            held.vanish()

    taken = await studio.take(
        held,
        LONG_S,
        collectors={"pprof": Pprof()},
        spoil=lambda report: ending.append(asyncio.create_task(end(report / "evidence"))),
    )
    await ending[0]
    assert taken.capture.outcome is taken.part.outcome is Outcome.TARGET_EXITED
    kinds = {one.path: one.kind for one in taken.capture.evidence}
    assert kinds["evidence/pprof-goroutines-000.txt"] == "goroutine_dump"
    assert kinds["evidence/pprof.fetches.json"] == "fetches"
    assert "" in [one.path for one in told(taken.directory / "evidence/pprof.fetches.json", "cpu")]
