"""The collector `pprof` against a server that answers as net/http/pprof does, or as it should not."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from aiohttp import web

from collectors import fetching, pprof_taking
from collectors.pprof import Pprof
from daemon.capture.window import CaptureWindow
from fetch.access import Access
from model.capture import Outcome, WindowEnd
from tests.serving import LONG_S, Answer, Came, collected, serving, target

GO = {"X-Go-Pprof": "1"}
QUICK = {"goroutine_interval": 0.01}
KINDS = {
    "goroutines-000.txt": "goroutine_dump",
    "goroutines.pb.gz": "pprof_goroutines",
    "cpu-000.pb.gz": "pprof_cpu",
    "heap.pb.gz": "pprof_heap",
    "allocs.pb.gz": "pprof_allocs",
    "mutex.pb.gz": "pprof_mutex",
    "block.pb.gz": "pprof_block",
    "trace.out": "go_trace",
}


def profile(request: web.Request) -> str:
    return request.path.rpartition("/")[2]


def served(**answers: Callable[[web.Request], web.Response]) -> Answer:
    """Every profile at once, but for these."""

    async def answer(request: web.Request) -> web.Response:
        special = answers.get(profile(request))
        return special(request) if special else web.Response(body=f"{request.path_qs}".encode())

    return answer


def refused(
    status: int, said: str = "", headers: dict[str, str] | None = None
) -> Callable[..., web.Response]:
    return lambda request: web.Response(status=status, text=said, headers=headers)


def ends(
    window: CaptureWindow, after: int, why: WindowEnd = WindowEnd.ITERATION_ENDED
) -> Callable[..., web.Response]:
    """Answers, and ends the window with the answer of this number."""
    count = 0

    def answer(request: web.Request) -> web.Response:
        nonlocal count
        count += 1
        if count == after:
            window.end(why)
        return web.Response(body=b"profile")

    return answer


async def test_everything_is_taken_the_most_precious_first(tmp_path: Path) -> None:
    window = CaptureWindow(LONG_S)
    everything = Pprof(profiles=("trace", "allocs", "cpu", "goroutines", "heap", "mutex", "block"))
    async with serving(served(profile=ends(window, 4))) as server:
        came = await collected(everything, target(server.port), window, tmp_path)
    first = ["/debug/pprof/", "/debug/pprof/goroutine?debug=2", "/debug/pprof/goroutine"]
    assert server.asked[:3] == first
    assert server.seconds("profile") == ["1", "2", "4", "4"]
    assert server.seconds("trace") == ["1"]
    kinds = {Path(one.path).name: one.kind for one in came.artifacts}
    assert {f"one-{name}": kind for name, kind in KINDS.items()}.items() <= kinds.items()
    assert kinds["one.fetches.json"] == "fetches"
    assert came.files == kinds.keys() - {"one.fetches.json"}
    assert came.modes == {0o600}
    for fetch in came.fetches:
        assert (fetch.status, fetch.whole, fetch.detail) == (200, True, "")
        assert fetch.size_bytes == len(came.read(Path(fetch.path).name))
        assert fetch.url.startswith(f"http://127.0.0.1:{server.port}/debug/pprof/")
    starts_s = [fetch.started_s for fetch in came.fetches]
    assert starts_s == sorted(starts_s)


async def test_a_cpu_profile_takes_a_second_also_in_a_shorter_window(tmp_path: Path) -> None:
    async with serving(served()) as server:
        came = await collected(Pprof(), target(server.port), CaptureWindow(0.2), tmp_path)
    assert server.seconds("profile") == server.seconds("mutex") == server.seconds("block") == ["1"]
    assert came.error is None


async def test_port_path_and_profiles_are_as_configured(tmp_path: Path) -> None:
    async with serving(served()) as server:
        options = Pprof(port=server.port, path="/pprof/", profiles=("heap",))
        came = await collected(options, target(1), CaptureWindow(LONG_S), tmp_path)
    assert (server.asked, came.files) == (["/pprof/heap"], {"one-heap.pb.gz"})


async def test_a_busy_profiler_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pprof_taking, "BUSY_PAUSE_S", 0.0)
    window, refusals = CaptureWindow(LONG_S), 3

    def busy_first(request: web.Request) -> web.Response:
        if server.seconds("profile") == ["1"] * (refusals + 1):
            window.end(WindowEnd.ITERATION_ENDED)
            return web.Response(body=b"at last")
        return web.Response(status=500, text="cpu profiling already in use", headers=GO)

    async with serving(served(profile=busy_first)) as server:
        came = await collected(Pprof(), target(server.port), window, tmp_path)
    assert came.error is None
    assert came.read("one-cpu-000.pb.gz") == b"at last"
    assert [one.status for one in came.of("cpu")] == [200]


async def test_a_profiler_that_stays_busy_is_replaced_by_goroutine_dumps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pprof_taking, "BUSY_S", 0.0)
    busy = refused(500, "Could not enable CPU profiling: cpu profiling already in use\n", GO)
    async with serving(served(profile=busy)) as server:
        came = await collected(Pprof(**QUICK), target(server.port), CaptureWindow(0.3), tmp_path)
    outcome, detail, _ = came.failure
    assert outcome == Outcome.PARTIAL
    assert "cpu: 500: Could not enable CPU profiling: cpu profiling already in use" in detail
    assert "goroutine dumps must do" in detail
    assert {"one-goroutines-000.txt", "one-goroutines-001.txt"} <= came.files
    (told,) = came.of("cpu")
    assert (told.path, told.status) == ("", 500)


@pytest.mark.parametrize(
    ("preset", "flag"),
    [
        ("cluster-autoscaler", "--profiling=true"),
        ("karpenter", "--enable-profiling"),
        ("keda", "--profiling-bind-address=:8082"),
        ("cluster-api", "--profiler-address=localhost:6060"),
        ("controller-runtime", "PprofBindAddress"),
        ("none of these", "serve net/http/pprof"),
    ],
)
async def test_a_disabled_profiler_is_told_with_the_flag_that_enables_it(
    tmp_path: Path, preset: str, flag: str
) -> None:
    async def absent(request: web.Request) -> web.Response:
        return web.Response(status=404, text="404 page not found\n")

    async with serving(absent) as server:
        came = await collected(Pprof(), target(server.port, preset), CaptureWindow(LONG_S), tmp_path)
    outcome, detail, remedy = came.failure
    assert outcome == Outcome.UNSUPPORTED
    assert "goroutine_dump: 404: 404 page not found" in detail
    assert flag in remedy
    assert came.modes == set()


@pytest.mark.parametrize("status", [401, 403])
async def test_a_missing_right_is_told_with_what_grants_it(tmp_path: Path, status: int) -> None:
    async def forbidden(request: web.Request) -> web.Response:
        return web.Response(status=status, text="no")

    async with serving(forbidden) as server:
        came = await collected(Pprof(), target(server.port), CaptureWindow(LONG_S), tmp_path)
    outcome, _, remedy = came.failure
    assert outcome == Outcome.NOT_PERMITTED
    assert "token_file" in remedy
    assert "nonResourceURLs" in remedy


async def test_a_profile_that_is_not_served_costs_nothing_but_itself(tmp_path: Path) -> None:
    window = CaptureWindow(LONG_S)
    answers = served(mutex=refused(404, "Unknown profile"), profile=ends(window, 1))
    async with serving(answers) as server:
        came = await collected(Pprof(), target(server.port), window, tmp_path)
    assert (came.error, came.detail) == (None, "not served: mutex")
    (told,) = came.of("mutex")
    assert (told.path, told.detail) == ("", "404: Unknown profile")


async def test_seconds_stay_below_the_servers_own_deadline(tmp_path: Path) -> None:
    window = CaptureWindow(LONG_S)

    def short(request: web.Request) -> web.Response:
        seconds = int(request.query.get("seconds", 0))
        if profile(request) == "profile" and server.seconds("profile").count("2") == 2:
            window.end(WindowEnd.ITERATION_ENDED)
        if seconds > 2:
            return web.Response(status=400, text="profile duration exceeds server's WriteTimeout", headers=GO)
        return web.Response(body=b"profile")

    answers = served(profile=short, mutex=short, block=short)
    async with serving(answers) as server:
        came = await collected(Pprof(), target(server.port), window, tmp_path)
    assert came.error is None
    assert server.seconds("profile") == ["1", "2", "4", "2"]
    (mutex,) = came.of("mutex")
    assert mutex.path
    assert "since the target's start" in mutex.detail


async def test_a_target_that_goes_away_leaves_what_came(tmp_path: Path) -> None:
    gone = False

    async def going(request: web.Request) -> web.Response:
        nonlocal gone
        gone = gone or profile(request) == "profile"
        if gone and request.transport is not None:
            request.transport.abort()
        return web.Response(body=b"goroutine 1 [running]:")

    window = CaptureWindow(LONG_S)
    async with serving(going) as server:
        came = await collected(Pprof(**QUICK), target(server.port), window, tmp_path)
    assert came.failure[0] == Outcome.TARGET_EXITED
    assert {"one-goroutines-000.txt", "one-goroutines.pb.gz"} <= came.files
    assert [one.status for one in came.of("cpu")] == [0]


async def test_a_broken_connection_is_no_end_of_a_target_that_answers_others(tmp_path: Path) -> None:
    async def broken(request: web.Request) -> web.Response:
        if profile(request) == "profile" and request.transport is not None:
            request.transport.abort()
        return web.Response(body=b"goroutine 1 [running]:")

    async with serving(broken) as server:
        came = await collected(Pprof(), target(server.port), CaptureWindow(0.2), tmp_path)
    assert came.failure[0] == Outcome.PARTIAL


async def test_nobody_there_is_a_failure(tmp_path: Path) -> None:
    async with serving(served()) as server:
        pass
    came = await collected(Pprof(), target(server.port), CaptureWindow(LONG_S), tmp_path)
    assert came.failure[0] == Outcome.FAILED
    assert came.files == set()
    assert all(one.path == "" and one.status == 0 for one in came.fetches)


async def test_the_iterations_end_is_waited_for_by_what_would_be_lost(tmp_path: Path) -> None:
    """A CPU profile on its way comes; of contention there is the sum since the start."""
    window, summed = CaptureWindow(LONG_S), asyncio.Event()

    async def answer(request: web.Request) -> web.Response:
        what, within = profile(request), "seconds" in request.query
        if what in ("mutex", "block") and within:
            window.end(WindowEnd.ITERATION_ENDED)
            await asyncio.Event().wait()
        if what == "mutex":
            summed.set()
        if what == "profile":
            await summed.wait()
        return web.Response(body=what.encode())

    async with serving(answer) as server:
        came = await collected(Pprof(), target(server.port), window, tmp_path)
    assert came.error is None
    assert came.read("one-cpu-000.pb.gz") == b"profile"
    for what in ("mutex", "block"):
        (told,) = came.of(what)
        assert "since the target's start" in told.detail
        assert told.url.endswith(f"/{what}")


@pytest.mark.parametrize("why", [WindowEnd.SHUTDOWN, WindowEnd.DISABLED])
async def test_a_shutdown_waits_for_nobody(
    tmp_path: Path, why: WindowEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "CLOSING_S", 0.05)
    window = CaptureWindow(LONG_S)

    async def answer(request: web.Request) -> web.Response:
        if "seconds" in request.query:
            window.end(why)
            await asyncio.Event().wait()
        return web.Response(body=b"x")

    async with serving(answer) as server:
        came = await collected(Pprof(), target(server.port), window, tmp_path)
    outcome, detail, _ = came.failure
    assert outcome == Outcome.PARTIAL
    assert "before the window ended" in detail
    assert server.asked.count("/debug/pprof/mutex") == 0


async def test_bytes_are_bounded_and_dumps_leave_room_for_profiles(tmp_path: Path) -> None:
    most, dump = 2**16, b"goroutine 1 [running]:\n" * 500

    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=dump if "debug" in request.query else b"x")

    window = CaptureWindow(LONG_S)
    dumps_only = Pprof(profiles=("goroutines",), max_bytes=most, **QUICK)
    async with serving(answer) as server:
        came = await collected(dumps_only, target(server.port), window, tmp_path)
    dumps = came.of("goroutine_dump")
    assert sum(one.size_bytes for one in dumps) <= most / 2
    assert len(dumps) == 2
    assert "no room for other profiles" in dumps[-1].detail


@pytest.mark.parametrize(
    "row",
    [
        "<tr><td>501</td><td><a href='goroutine?debug=1'>goroutine</a></td></tr>",  # Go 1.14 and later
        "<tr><td>501<td><a href=goroutine?debug=1>goroutine</a>",
    ],
)
@pytest.mark.parametrize("most", [500, 501])
async def test_a_crowd_of_goroutines_is_not_stopped_for_a_dump(tmp_path: Path, row: str, most: int) -> None:
    async def answer(request: web.Request) -> web.Response:
        page = f"<tr><td>2</td><td><a href='cmdline?debug=1'>cmdline</a></td></tr>\n{row}"
        return web.Response(text=page if request.path.endswith("/") else "x")

    options = Pprof(profiles=("goroutines",), most_goroutines=most)
    async with serving(answer) as server:
        came = await collected(options, target(server.port), CaptureWindow(0.1), tmp_path)
    assert came.error is None
    assert "one-goroutines.pb.gz" in came.files
    dumped = "one-goroutines-000.txt" in came.files
    assert dumped is (most == 501)
    assert ("no goroutine dump of 501 goroutines" in came.detail) is not dumped


async def test_what_is_beyond_the_bound_is_cut_off_and_told(tmp_path: Path) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=b"x" * 100_000)

    window = CaptureWindow(LONG_S)
    options = Pprof(profiles=("goroutines", "heap"), max_bytes=2**16)
    async with serving(answer) as server:
        came = await collected(options, target(server.port), window, tmp_path)
    outcome, detail, remedy = came.failure
    assert (outcome, remedy) == (Outcome.PARTIAL, "raise max_bytes")
    assert "cut off" in detail
    assert came.files == {"one-goroutines-000.txt"}  # half a profile is none, half a dump is one
    assert len(came.read("one-goroutines-000.txt")) == 2**15


async def test_dumps_take_a_twentieth_of_the_time_at_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window, pauses = CaptureWindow(LONG_S), list[float]()

    async def pause(taking: pprof_taking.Taking, seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) > 3:
            window.end(WindowEnd.ITERATION_ENDED)

    monkeypatch.setattr(pprof_taking.Taking, "_pause", pause)
    async with serving(served()) as server:
        options = Pprof(profiles=("goroutines",), goroutine_interval=0.0)  # type: ignore[arg-type]
        came = await collected(options, target(server.port), window, tmp_path)
    took_s = [one.ended_s - one.started_s for one in came.of("goroutine_dump")]
    assert pauses == pytest.approx([19 * one_s for one_s in took_s])


async def test_half_a_profile_leaves_no_file_and_half_a_dump_does(tmp_path: Path) -> None:
    async def half(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "100"})
        await response.prepare(request)
        await response.write(b"half")
        assert request.transport is not None
        request.transport.close()
        return response

    async with serving(half) as server:
        options = Pprof(profiles=("goroutines",), **QUICK)
        came = await collected(options, target(server.port), CaptureWindow(LONG_S), tmp_path)
    assert came.files == {f"one-goroutines-{number:03}.txt" for number in range(3)}
    (dump, *_), (binary,) = came.of("goroutine_dump"), came.of("goroutines")
    assert (dump.status, dump.size_bytes, dump.whole) == (200, 4, False)
    assert (binary.status, binary.size_bytes, binary.path) == (200, 0, "")


async def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    async with serving(served()) as server:
        came = await collected(Pprof(), target(server.port), CaptureWindow(LONG_S), tmp_path / "none")
    outcome, detail, remedy = came.failure
    assert (outcome, detail) == (Outcome.FAILED, "evidence cannot be written: No such file or directory")
    assert "spool" in remedy


async def test_certificates_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    access = Access(tls=True, ca_bundle=tmp_path / "none.pem")
    came = await collected(Pprof(), target(1, access=access), CaptureWindow(LONG_S), tmp_path)
    outcome, detail, remedy = came.failure
    assert outcome == Outcome.FAILED
    assert "none.pem" in detail
    assert remedy


async def test_the_index_is_there_while_it_works(tmp_path: Path) -> None:
    window = CaptureWindow(LONG_S)
    seen: list[Came] = []

    def look(request: web.Request) -> web.Response:
        seen.append(Came(tmp_path))
        assert {one["what"] for one in json.loads(Came(tmp_path).read("one.fetches.json"))["fetches"]} >= {
            "goroutine_dump",
            "goroutines",
        }
        window.end(WindowEnd.ITERATION_ENDED)
        return web.Response(body=b"profile")

    async with serving(served(profile=look)) as server:
        await collected(Pprof(), target(server.port), window, tmp_path)
    assert seen


def test_a_profile_is_named_once() -> None:
    assert list(Pprof(profiles=("cpu", "heap", "cpu")).check()) == [("profiles", "cpu", "each of them once")]
