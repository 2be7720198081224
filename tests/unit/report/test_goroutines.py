"""Go's goroutine dumps, read as they were written, and whatever else may stand in their place."""

import gzip
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model.samples import Frame, State
from report.evidence.goroutines import LONGEST_LINE, Goroutine, read

RECORDED = Path(__file__).with_name("recorded")


def goroutines(text: str) -> list[Goroutine]:
    return list(read(io.BytesIO(text.encode())))


def test_a_dump_of_a_blocked_program_is_read_whole() -> None:
    found = goroutines(gzip.decompress((RECORDED / "blocked/goroutines-000.txt.gz").read_bytes()).decode())
    assert len(found) == len({each.number for each in found}) > 15
    main = next(each for each in found if each.number == 1)
    assert (main.reason, main.minutes, main.state) == ("select", 1, State.WAITING)
    assert main.frames[0] == Frame("main.main", "example.org/scaler/main.go", 78)
    assert [frame.function for frame in main.frames[:3]] == [
        "main.main",
        "main.(*autoscaler).RunOnce",
        "main.fetchPrices",
    ]
    assert main.frames[-1].function == "net/http.(*persistConn).roundTrip"
    served = next(each for each in found if each.creator == "main.main")
    assert served.creator_number == 1


def test_a_goroutine_that_computes_is_running_though_the_dump_stopped_it() -> None:
    found = goroutines(gzip.decompress((RECORDED / "cpu/goroutines-002.txt.gz").read_bytes()).decode())
    main = next(each for each in found if each.number == 1)
    assert (main.reason, main.state) == ("runnable", State.RUNNING)
    assert "main.binpack" in {frame.function for frame in main.frames}


@pytest.mark.parametrize(
    ("head", "reason", "minutes", "locked"),
    [
        ("goroutine 7 [chan receive, 3 minutes, locked to thread]:", "chan receive", 3, True),
        ("goroutine 7 [select (no cases)]:", "select (no cases)", 0, False),
        ("goroutine 7 gp=0xc000002380 m=nil [sleep, 12 minutes]:", "sleep", 12, False),
        ("goroutine 7 gp=0xc00 m=3 mp=0xc01 [syscall]:", "syscall", 0, False),
        ("goroutine 7 [runnable (scan)]:", "runnable", 0, False),
        (
            'goroutine 7 [chan receive (durable), 2 minutes, synctest bubble 1 labels:{"a": "b]:"}]:',
            "chan receive (durable)",
            2,
            False,
        ),
    ],
)
def test_the_head_tells_why_it_waits_and_how_long(head: str, reason: str, minutes: int, locked: bool) -> None:
    (found,) = goroutines(f"{head}\nmain.f(0x1)\n\t/a.go:3 +0x1d\n")
    assert (found.number, found.reason, found.minutes, found.locked) == (7, reason, minutes, locked)


def test_frames_lose_their_arguments_and_keep_their_place() -> None:
    (found,) = goroutines(
        "goroutine 1 [running]:\n"
        "gopkg.in/yaml%2ev3.(*Node[...]).Walk(0xc0, {0x1?, 0x2}, {{0x0, 0x0}})\n"
        "\t/go/pkg/mod/gopkg.in/yaml.v3@v3.0.1/a b:c.go:12 +0x1d fp=0x1 sp=0x2 pc=0x3\n"
        "main.inlined(...)\n"
        "\t/a.go:3\n"
        "...23 frames elided...\n"
        "main.placeless(0x1)\n"
        "created by main.(*T).start.func1 in goroutine 9\n"
        "\t/a.go:8 +0x5\n"
        "main.not.of.this.goroutine()\n"
    )
    assert list(reversed(found.frames)) == [
        Frame("gopkg.in/yaml.v3.(*Node[...]).Walk", "/go/pkg/mod/gopkg.in/yaml.v3@v3.0.1/a b:c.go", 12),
        Frame("main.inlined", "/a.go", 3),
        Frame("(frames elided)", "", 0),
        Frame("main.placeless", "", 0),
    ]
    assert (found.creator, found.creator_number) == ("main.(*T).start.func1", 9)


def test_a_stack_that_could_not_be_taken_is_no_stack() -> None:
    (found,) = goroutines(
        "goroutine 5 [running]:\n"
        "\tgoroutine running on other thread; stack unavailable\n"
        "created by main.main\n"
    )
    assert (found.frames, found.creator, found.creator_number) == ((), "main.main", 0)


def test_ancestors_are_not_part_of_a_stack() -> None:
    (found,) = goroutines(
        "goroutine 5 [running]:\nmain.f()\n\t/a.go:1\n[originating from goroutine 1]:\nmain.g()\n\t/a.go:2\n"
    )
    assert [frame.function for frame in found.frames] == ["main.f"]


def test_too_many_goroutines_are_cut_off_and_told() -> None:
    one = b"goroutine 1 [running]:\nmain.f()\n\t/a.go:1\n\n"
    found = []
    with pytest.raises(ValueError, match="more than 2 goroutines: the rest is left out"):
        found.extend(read(io.BytesIO(one * 5), most=2))
    assert len(list(read(io.BytesIO(one * 2), most=2))) == 2


def test_a_line_without_end_costs_a_bounded_name() -> None:
    (found,) = goroutines(f"goroutine 1 [running]:\n{'f' * 100_000}()\n\t/a.go:1\nmain.main()\n\t/a.go:2\n")
    assert [len(frame.function) for frame in found.frames] == [len("main.main"), LONGEST_LINE]


lines = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        [
            "",
            "goroutine 1 [running]:",
            "goroutine 99999999999999999999 [x]:",
            "goroutine 2 [, , 5 minutes]:",
            "\t/a.go:1 +0x2",
            "\t:0",
            "main.f({",
            ")",
            "created by ",
            "created by a in goroutine 3",
            "...7 frames elided...",
        ]
    ),
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(lines, max_size=30), st.binary(max_size=20))
def test_any_text_is_read(texts: list[str], rest: bytes) -> None:
    for found in read(io.BytesIO("\n".join(texts).encode(errors="surrogatepass") + rest)):
        assert found.number >= 0
        assert all(isinstance(frame, Frame) and frame.function for frame in found.frames)
        assert found.state in (State.RUNNING, State.WAITING)


names = st.text("abcXYZ", min_size=1, max_size=6)
calls = st.builds(
    "{}.{}{}".format,
    st.sampled_from(["main", "net/http"]),
    st.sampled_from(["", "(*T).", "(*T[...])."]),
    names,
)
places = st.tuples(calls, st.builds("/srv/{}.go".format, names), st.integers(1, 99_999))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.integers(1, 10**9), st.lists(places, min_size=1, max_size=9)), max_size=5))
def test_what_go_writes_comes_back(written: list[tuple[int, list[tuple[str, str, int]]]]) -> None:
    text = ""
    for number, stack in written:
        body = "".join(f"{call}(0x1, {{0x2?, 0x3}})\n\t{file}:{line} +0x1d\n" for call, file, line in stack)
        created = "created by main.main in goroutine 1\n\t/m.go:1\n\n"
        text += f"goroutine {number} [select, 2 minutes]:\n{body}{created}"
    assert [
        (each.number, [tuple(frame) for frame in reversed(each.frames)]) for each in goroutines(text)
    ] == [(number, stack) for number, stack in written]
