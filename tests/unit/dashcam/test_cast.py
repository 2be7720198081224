"""One camera a target, and how long one that is retired is kept; what a target's next process may spend."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from collectors.pyspy import PySpy
from daemon.config.dashcam import Dashcam as Options
from daemon.dashcam import cast as casts
from daemon.dashcam.cast import Cast
from daemon.dashcam.dashcam import Dashcam
from daemon.targets.process import HeldProcess


class Camera:
    """Records nothing."""

    def __init__(self, name: str) -> None:
        self.target: Any = SimpleNamespace(name=name)
        self.retired_s: float | None = None
        self.busy = self.closed = False

    def retire(self) -> None:
        self.retired_s = time.monotonic()

    async def ended(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True


def test_one_that_is_replaced_is_found_until_nobody_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    cameras: Cast[Camera] = Cast()
    first, second, other = Camera("one"), Camera("one"), Camera("other")
    for each in (first, second, other):
        cameras.put(each)
    assert (list(cameras), first.retired_s is None) == ([second, other], False)
    assert cameras.find("one", lambda camera: True) is second
    assert cameras.find("one", lambda camera: camera is first) is first
    assert cameras.find("other", lambda camera: camera is first) is None  # though it may be of one process
    cameras.close_gone()
    assert not first.closed
    monkeypatch.setattr(casts, "KEPT_S", 0.0)
    first.busy = True
    cameras.close_gone()
    assert not first.closed
    first.busy = False
    cameras.close_gone()
    assert first.closed
    assert cameras.find("one", lambda camera: camera is first) is None


async def test_all_are_closed() -> None:
    cameras: Cast[Camera] = Cast()
    now, gone = cameras.put(Camera("one")), cameras.put(Camera("two"))
    assert cameras.retire("two") is gone
    assert cameras.retire("two") is None
    await cameras.close()
    assert now.closed
    assert gone.closed
    assert not list(cameras)


@pytest.fixture
def processes() -> Iterator[tuple[HeldProcess, HeldProcess]]:
    with ExitStack() as stack:
        children = [
            stack.enter_context(subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE))
            for _ in range(2)
        ]
        yield HeldProcess(children[0].pid), HeldProcess(children[1].pid)
        for child in children:
            child.kill()


async def test_a_process_that_is_restarted_brings_no_new_purse(
    tmp_path: Path, processes: tuple[HeldProcess, HeldProcess]
) -> None:
    collectors = (SimpleNamespace(options=PySpy(), kind="pyspy", name="pyspy"),)
    config = SimpleNamespace(dashcam=Options(mode="continuous"), collectors=collectors, endpoint=None)
    target = SimpleNamespace(name="one", config=config, in_flight=None, held=None, process=None)
    nothing: Any = None
    spool: Any = SimpleNamespace(path=tmp_path)
    dashcam = Dashcam(nothing, nothing, spool, nothing)
    purses = []
    for process in processes:
        target.held = target.process = process
        camera = dashcam._camera(cast("Any", target))
        assert camera is not None
        purses.append(camera._purse)
    assert purses[0] is purses[1]
    await dashcam.close()
