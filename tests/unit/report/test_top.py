"""Where each thread was for most of the time."""

from pathlib import Path

from model.samples import Frame, State
from tests.unit.report.drawings import drawing

LIGHT = Frame("loop", "/srv/a.py", 20)
HEAVY = Frame("loop", "/srv/a.py", 21)
MATCH = Frame("match", "/usr/lib/python3.11/re.py", 5)
SPLIT = [Frame("pack", "/srv/a.py", line) for line in (30, 31, 32)]


def test_the_stack_is_one_that_was_really_seen(tmp_path: Path) -> None:
    """The caller's line is the one of this stack, though more time was spent below another line of it."""
    pack = [(0, "main", [LIGHT, SPLIT[0], Frame(name, "/srv/a.py", 50)], State.RUNNING) for name in "abc"]
    match = [(0, "main", [HEAVY, MATCH], State.RUNNING)] * 2
    (top,) = drawing(tmp_path, [[*pack, *match]]).top_stacks
    assert top.frames == ("loop (/srv/a.py:21)", "match (re.py:5)")


def test_lines_of_one_function_count_together(tmp_path: Path) -> None:
    rows = [(0, "main", [LIGHT, frame], State.RUNNING) for frame in SPLIT]
    (top,) = drawing(tmp_path, [[*rows, (0, "main", [LIGHT], State.WAITING)]]).top_stacks
    assert (top.function, top.share, top.function_share) == ("pack", 0.75, 0.75)


def test_a_thread_in_the_standard_library_only_is_named_by_its_innermost_function(tmp_path: Path) -> None:
    (top,) = drawing(tmp_path, [[(0, "main", [MATCH], State.WAITING)]]).top_stacks
    assert top.function == "match"


def test_time_in_library_functions_counts_for_the_function_that_called_them(tmp_path: Path) -> None:
    rows = [(0, "main", [HEAVY, MATCH], State.RUNNING), (0, "main", [HEAVY], State.RUNNING)]
    (top,) = drawing(tmp_path, [rows]).top_stacks
    assert (top.function, top.function_share, top.share) == ("loop", 1.0, 0.5)
