"""The quick signature: equal for equal stalls, unequal for others, silent where stacks tell nothing."""

import json
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from daemon.limits.signature import quick

Frames = Sequence[tuple[str, str]]
LIB = "/usr/lib/python3.12"
LOOP: Frames = (("<module>", "/srv/app/main.py"), ("run", "/srv/app/loop.py"))
HTTP: Frames = (
    ("request", "/venv/lib/python3.12/site-packages/urllib3/pool.py"),
    ("readinto", f"{LIB}/socket.py"),
)
JOIN: Frames = (("main", "/srv/app/main.py"), ("join", f"{LIB}/threading.py"))
QUEUE: Frames = (("_worker", f"{LIB}/concurrent/futures/thread.py"),)
AWAIT: Frames = (
    ("main", "/srv/app/main.py"),
    ("_run_once", f"{LIB}/asyncio/base_events.py"),
    ("select", f"{LIB}/selectors.py"),
)


def dump(*stacks: Frames, line: int = 1) -> bytes:
    """As py-spy prints it: the innermost frame first."""
    return json.dumps(
        [
            {
                "pid": 1,
                "thread_id": number,
                "frames": [{"name": name, "filename": file, "line": line} for name, file in reversed(frames)],
            }
            for number, frames in enumerate(stacks)
        ]
    ).encode()


def called(function: str) -> Frames:
    return (*LOOP, (function, "/srv/app/cloud.py"), *HTTP)


def test_lines_ids_and_idle_threads_make_no_difference() -> None:
    one = quick(dump(called("list_groups"), QUEUE))
    assert len(one) == 12
    assert one == quick(dump(called("list_groups"), QUEUE, QUEUE, line=99))
    assert one == quick(dump(QUEUE, called("list_groups")))


def test_stalls_that_end_in_the_same_library_are_two() -> None:
    assert quick(dump(called("list_groups"))) != quick(dump(called("describe_nodes")))


def test_a_deeper_recursion_is_the_same_stall() -> None:
    twice = (("visit", "/srv/app/tree.py"), ("child", "/srv/app/tree.py"))
    assert quick(dump((*LOOP, *twice))) == quick(dump((*LOOP, *twice, *twice, *twice)))


def test_where_all_threads_merely_wait_there_is_none() -> None:
    wait: Frames = (*LOOP, ("wait_for_cache", "/srv/app/cache.py"), ("wait", f"{LIB}/threading.py"))
    assert {quick(dump(stack)) for stack in (JOIN, QUEUE, AWAIT, wait)} == {""}
    assert quick(dump(JOIN, QUEUE, AWAIT)) == quick(dump()) == quick(dump(())) == ""


def test_the_loop_of_another_thread_is_told_from_another_stall_of_it() -> None:
    first, second = (quick(dump(JOIN, called(name))) for name in ("list_groups", "describe_nodes"))
    assert first
    assert second
    assert first != second


def test_a_call_that_blocks_asyncio_counts() -> None:
    blocked: Frames = (*AWAIT[:2], ("handle", "/srv/app/handler.py"))
    assert quick(dump(blocked))
    assert quick(dump((*LOOP, ("communicate", f"{LIB}/subprocess.py"), ("select", f"{LIB}/selectors.py"))))


def test_what_is_no_dump_has_none() -> None:
    assert quick(b"") == quick(b"{") == quick(b"[1]") == quick(b'[{"frames": null}]') == ""


@given(st.binary(max_size=200))
def test_no_bytes_do_harm(data: bytes) -> None:
    assert isinstance(quick(data), str)
