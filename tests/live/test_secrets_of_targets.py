"""What targets are told in secret is in no file of a report."""

import pytest

from collectors.pyspy import PySpy
from model.capture import Outcome
from tests.live.captures import Studio
from tests.targets import PROGRAMS, Targets, children

ARGUMENT = "--token=canary-in-an-argument"
VALUE = "canary-in-the-environment"


@pytest.mark.threat("secrets")
@pytest.mark.parametrize("subprocesses", [False, True])
async def test_arguments_environment_and_locals_stay_out(
    targets: Targets, studio: Studio, subprocesses: bool
) -> None:
    target = targets.start("secretive.py", ARGUMENT, 'a "quoted\\" \u00e9', env={"API_KEY": VALUE})
    (child,) = children(target.pid)
    taken = await studio.take(target.pid, 1.2, PySpy(subprocesses=subprocesses))
    assert taken.capture.outcome is Outcome.COMPLETE
    assert taken.recording.segments
    assert b"canary" not in taken.text()
    assert b"quoted" not in taken.text()
    seen = {thread.pid for thread in taken.table.threads}
    assert seen == ({target.pid, child} if subprocesses else {target.pid})
    assert "hold_a_secret" in taken.functions()
    assert PROGRAMS.name in str(taken.table.frames)
