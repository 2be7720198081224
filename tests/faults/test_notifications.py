"""Notifications under faults: an end beside an endpoint that hangs, a backlog, and what is left behind."""

import time
from pathlib import Path

import pytest

from tests.daemon import daemon, looping, target, until
from tests.e2e.test_notifications import hook, stall
from tests.servers import scripted, silent


@pytest.mark.fault("S10")
def test_an_endpoint_that_hangs_does_not_hold_up_the_end(tmp_path: Path) -> None:
    with scripted(silent) as server, looping() as child:
        hanging = hook(server.url, tmp_path, timeout="20s", deadline="25s")
        options = {"notifications": [hanging], "shutdown_grace": "25s"}
        with daemon(tmp_path, target("one", child.pid), **options) as cam:
            stall(cam)
            cam.stored(1)
            until(lambda: server.requests, "the message hangs")
            began_s = time.monotonic()
            assert cam.stop() == 0
            assert time.monotonic() - began_s < 4  # 2 s on a machine that is not busy
