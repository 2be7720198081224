"""S15: a loop that works for long under a daemon: its memory and descriptors stay as they were."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.prerequisites import require
from tests.tally import Tally, Times

HERE_S, SOAK_S = 20, 4 * 3600
PATIENCE_S = 120.0
FEWEST_ITERATIONS_PER_S = 0.5


@pytest.mark.fault("S15")
def test_a_loop_that_goes_on_and_on_leaves_the_daemon_as_it_was(
    tmp_path: Path, times: Times, tally: Tally
) -> None:
    require("ptrace")
    for_s = times(HERE_S, SOAK_S)
    told = tmp_path / "told.json"
    outage = times("2s/6s", "5s/30s")
    argv = [
        *(sys.executable, "-m", "daemon", "demo", "--scenario=churn", "--nodes=20", "--pods=400"),
        *("--api-latency=20ms", "--error-rate=3%", "--throttle=8/s", f"--outage={outage}"),
        *("--node-failures=6/m", "--period=30s", "--rest=100ms", "--max-loop-time=1s", "--cooldown=1s"),
        *(f"--for={for_s}s", f"--interval={times(5, 60)}s", f"--out={tmp_path / 'out'}", f"--json={told}"),
        *(f"--sla=growth={times('6MiB', '1MiB/h')}", "--sla=descriptors=3", "--sla=zombies=0"),
        *("--sla=missed=0", "--sla=undelivered=0"),
    ]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=for_s + PATIENCE_S)
    assert done.returncode == 0, done.stdout + done.stderr
    whole = json.loads(told.read_text())
    last = whole["looks"][-1]["seen"]
    tally.tries, tally.lost, tally.wrong = last["captures"], last["undelivered"], whole["missed"]
    assert whole["iterations"] > FEWEST_ITERATIONS_PER_S * for_s
    assert last["captures"] >= for_s / 15
