"""A known stall leaves the budget of captures to an unknown one, also after a restart."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.beats import overruns_unseen, sockets
from tests.daemon import Daemon, Json, daemon, loopcam, target, tell, until
from tests.prerequisites import require
from tests.reports import assert_valid_report

PROGRAM = Path(__file__).parents[1] / "programs" / "alternating.py"
LONGER_S = 2.0  # than what is needed to look, stop the daemon and let it overrun
TIMES = {"max_loop_time": "800ms", "collection_time": "500ms", "cooldown": "500ms"}


@pytest.fixture
def child() -> Iterator["subprocess.Popen[str]"]:
    require("ptrace")
    with subprocess.Popen(
        [sys.executable, "-I", str(PROGRAM)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as started:
        assert started.stdout is not None
        assert started.stdout.readline() == "ready\n"
        yield started
        started.kill()


def configured(child: "subprocess.Popen[str]", share: int = 1, budget: int = 3) -> dict[str, object]:
    counts = {"captures_per_hour": budget, "captures_per_signature": share}
    return target("one", child.pid, **TIMES, **counts)


class Stalls:
    """Brings stalls, one iteration each, and tells what came of them."""

    def __init__(self, cam: Daemon, child: "subprocess.Popen[str]") -> None:
        self.cam, self.child, self.iteration = cam, child, 0

    def bring(self, function: str, *, unseen: bool = False) -> str:
        """What becomes of a stall in this function: `captured`, or why it is refused.

        An `unseen` one is over when the daemon gets to know that it overran.
        """
        tell(self.child, function)
        until(lambda: self.limits()["would_refuse"] is None, "the cooldown is over")
        self.iteration += 1
        before = self.ended()
        if unseen:
            overruns_unseen(self.cam, "one", self.iteration, LONGER_S)
        else:
            self.cam.beat("start", "one", self.iteration)
        until(lambda: self.ended() != before, f"an end of the capture of {function}")
        if not unseen:
            self.cam.beat("end", "one", self.iteration)
        until(lambda: not self.cam.target("one")["capturing"], "the capture is over")
        reports, refusals = self.ended()
        return "captured" if reports > before[0] else next(iter(refusals - before[1]))[0]

    def ended(self) -> tuple[int, frozenset[tuple[str, int]]]:
        refusals = self.cam.target("one")["refusals"]
        return len(self.cam.entries()), frozenset(
            (why, count) for why, count in refusals.items() if why == "known_stall"
        )

    def limits(self) -> Json:
        return self.cam.target("one")["limits"]


def test_a_known_stall_does_not_eat_the_budget_of_an_unknown_one(
    tmp_path: Path, child: "subprocess.Popen[str]"
) -> None:
    with daemon(tmp_path, configured(child)) as cam:
        cam.finds("one")
        stalls = Stalls(cam, child)
        assert stalls.bring("first") == "captured"
        assert [stalls.bring("first") for _ in range(3)] == ["known_stall"] * 3
        assert stalls.limits()["captures_left_this_hour"] == 2  # it was given back
        assert stalls.bring("second") == "captured"
        known = {one["signature"]: one for one in stalls.limits()["known_stalls"]}
        assert len(known) == 2
        reports = cam.stored(2)
        assert {one["report"] for one in known.values()} == {report.name for report in reports}
        assert {one["captures_this_hour"] for one in known.values()} == {1}
        assert all(0 < one["next_in_s"] <= 3600 for one in known.values())
        [told, *_] = [line for line in cam.said("capture refused") if line["reason"] == "known_stall"]
        assert reports[0].name in told["why"]
        assert "captures_per_signature" in told["remedy"]
        assert cam.metric("loopcam_refusals_total", target="one", reason="known_stall") == 3
        assert not list((cam.spool / "incoming").iterdir())  # nothing is left of those without a report


def test_one_that_ended_before_it_was_looked_at_is_known_by_the_dashcams_look(
    tmp_path: Path, child: "subprocess.Popen[str]"
) -> None:
    one = configured(child, budget=20) | {"max_loop_time": f"{LONGER_S}s"}
    with daemon(tmp_path, one, unix=sockets(tmp_path)) as cam:
        cam.finds("one")
        stalls = Stalls(cam, child)
        assert stalls.bring("first") == "captured"
        assert stalls.bring("first", unseen=True) == "known_stall"
        assert stalls.bring("second", unseen=True) == "captured"  # and counted
        assert stalls.bring("second", unseen=True) == "known_stall"
        assert stalls.bring("second") == "known_stall"
        reports = cam.stored(2)
        unseen = assert_valid_report(reports[1]).capture
        assert unseen.outcome == "ended_before_attach"
        assert unseen.signature in {each["signature"] for each in stalls.limits()["known_stalls"]}
        assert not list((cam.spool / "incoming").iterdir())


def test_the_share_outlives_a_restart_of_the_daemon(tmp_path: Path, child: "subprocess.Popen[str]") -> None:
    with daemon(tmp_path, configured(child)) as cam:
        cam.finds("one")
        assert Stalls(cam, child).bring("first") == "captured"
        cam.stored(1)
        cam.kill()
        cam.start()
        cam.finds("one")
        stalls = Stalls(cam, child)
        assert stalls.bring("first") == "known_stall"
        assert stalls.bring("second") == "captured"


def test_by_hand_it_is_captured_and_a_drill_counts_as_nothing(
    tmp_path: Path, child: "subprocess.Popen[str]"
) -> None:
    with daemon(tmp_path, configured(child)) as cam:
        cam.finds("one")
        done = loopcam("collect", "--drill", "--url", cam.url)
        assert done.returncode == 0, done.stderr
        stalls = Stalls(cam, child)
        assert stalls.limits()["known_stalls"] == []
        assert stalls.bring("first") == "captured"
        assert stalls.bring("first") == "known_stall"
        assert cam.ask("POST", "/v1/collect", {"target": "one"})[0] == 202
        until(lambda: stalls.limits()["known_stalls"][0]["captures_this_hour"] == 2, "it counts, too")
