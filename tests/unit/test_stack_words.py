"""A stack in words names its culprit, however far above the innermost frame that is."""

from daemon.commands.stacks import words
from model.manifest import TopStack


def told(function: str, *frames: str) -> list[str]:
    top = TopStack(
        thread="goroutine 8 main.run",
        os_thread_id=8,
        share=0.75,
        function_share=1.0,
        function=function,
        frames=frames,
        state="waiting",
        seconds=4.99,
    )
    return list(words(top))


def test_what_it_waits_in_is_last_and_what_lies_between_is_left_out() -> None:
    frames = [f"{name} (a.go:1)" for name in ("run", "runOnce", "scaleUp", "refresh", "Lock", "slow", "sema")]
    assert told("refresh", *frames) == [
        "100% of goroutine 8 main.run (4.99s waiting) in refresh",
        "       runOnce (a.go:1) > scaleUp (a.go:1) > refresh (a.go:1) > ... > sema (a.go:1)",
    ]


def test_nothing_is_left_out_of_a_short_one() -> None:
    assert told("f", "f (a.py:1)", "g (b.py:2)")[1] == "       f (a.py:1) > g (b.py:2)"
    assert told("f", "f (a.py:1)")[1] == "       f (a.py:1)"
    assert told("f", "g (a.py:1)", "f (a.py:1)", "f (a.py:3)")[1].endswith("f (a.py:1) > f (a.py:3)")


def test_a_culprit_that_is_not_in_the_stack_is_still_named() -> None:
    assert told("elsewhere", "f (a.py:1)", "g (b.py:2)") == [
        "100% of goroutine 8 main.run (4.99s waiting) in elsewhere",
        "       f (a.py:1) > g (b.py:2)",
    ]
