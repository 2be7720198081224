"""The bounds of the collector `pprof`: bytes, time, and targets that go away."""

import asyncio
from pathlib import Path

import pytest
from aiohttp import web

from collectors import fetching, pprof_taking
from collectors.pprof import Pprof
from daemon.capture.window import CaptureWindow
from fetch.access import Access
from model.capture import Outcome, WindowEnd
from tests.serving import LONG_S, collected, profile, served, serving, target

QUICK = {"goroutine_interval": 0.01}


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


async def test_no_cpu_is_profiled_once_the_iteration_is_over(tmp_path: Path) -> None:
    window = CaptureWindow(LONG_S)

    def over(request: web.Request) -> web.Response:
        window.end(WindowEnd.ITERATION_ENDED)
        return web.Response(body=b"goroutine 1 [running]:")

    async with serving(served(goroutine=over)) as server:
        came = await collected(Pprof(), target(server.port), window, tmp_path)
    assert came.error is None
    assert server.seconds("profile") == []
    assert {"one-goroutines-000.txt", "one-mutex.pb.gz"} <= came.files


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
