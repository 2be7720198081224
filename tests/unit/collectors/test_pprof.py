"""The collector `pprof` against a server that answers as net/http/pprof does, or as it should not."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from aiohttp import web

from collectors import pprof_taking
from collectors.pprof import Pprof
from daemon.capture.window import CaptureWindow
from model.capture import Outcome, WindowEnd
from tests.serving import LONG_S, Came, collected, profile, served, serving, target

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
    assert "one-goroutines-000.txt" in came.files
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
    assert "goroutine_dump, goroutines, cpu, heap, mutex, block: 404: 404 page not found" in detail
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
