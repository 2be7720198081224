"""What py-spy's words mean: its exit code is 1 for every failure."""

import pytest

from collectors.contract import Exit
from collectors.pyspy import PySpy
from model.capture import Outcome

DUMP = "Error: Failed to get stack traces\n\nCaused by:\n    0: "
RECORD = "Error: Failed to call get_stack_trace for thread 140\n\nCaused by:\n    0: "
FAULT = "\n    2: Bad address (os error 14)\n    3: Bad address (os error 14)"


@pytest.mark.parametrize(
    "said",
    [
        f"{DUMP}Failed to call get_stack_trace for thread 140\n    1: Failed to copy PyCodeObject{FAULT}",
        f"{DUMP}Failed to copy PyThreadState{FAULT}",
        f"{DUMP}Max frame recursion depth reached",
        f"{RECORD}Failed to copy PyFrameObject{FAULT}",
        f"Error: Failed to copy PyInterpreterState from process{FAULT}",
        "Error: Max thread recursion depth reached",
        "Error: Failed to find a python interpreter in the .data section",
    ],
)
def test_what_it_read_while_it_changed_passes(said: str) -> None:
    judged = PySpy().judge(Exit(code=1, output=said))
    assert (judged.outcome, judged.passing) == (Outcome.FAILED, True)
    assert judged.detail


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ("Permission Denied: Try running again with elevated permissions", Outcome.NOT_PERMITTED),
        (f"{DUMP}Failed to suspend process\n    1: EPERM: Operation not permitted", Outcome.NOT_PERMITTED),
        (f"{DUMP}Failed to suspend process", Outcome.TARGET_STOPPED),
        (f"{DUMP}Failed to copy PyThreadState\n    2: No such process (os error 3)", Outcome.TARGET_EXITED),
        ("Error: Failed to find python version from target process", Outcome.UNSUPPORTED),
        ("Error: something new", Outcome.FAILED),
        ("Error: something new (os error 38)", Outcome.FAILED),
    ],
)
def test_what_lasts_does_not_pass(said: str, outcome: Outcome) -> None:
    judged = PySpy().judge(Exit(code=1, output=said))
    assert (judged.outcome, judged.passing) == (outcome, False)
