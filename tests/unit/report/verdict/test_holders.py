"""Who holds a lock: sure only where the name on both lines is that of one object."""

import pytest

from model.verdict import Cause, Confidence
from report.evidence.code import Line
from report.verdict import judge
from tests.unit.report.verdict.scenes import FUTEX, OWN, SLEEP, Stand, lib, own, scene, waiting

THREAD = lib("threading.py", "Thread._bootstrap")
OTHER = "/srv/scaler/cache.py"


@pytest.mark.parametrize(
    ("lock", "file", "said"),
    [
        ("NODES", OWN, "refresher holds it, inside `with NODES`"),
        ("self._lock", OWN, "refresher may hold it: it is inside `with self._lock`"),
        ("LOCK", OTHER, "refresher may hold it: it is inside `with LOCK`"),
    ],
    ids=["a global", "an attribute, maybe of another object", "another file's"],
)
def test_a_holder_is_sure_only_where_it_is_one_lock(lock: str, file: str, said: str) -> None:
    drawing = scene(
        {
            "MainThread": [waiting(1.0, FUTEX, own("read", 20))],
            "refresher": [Stand(1.0, (THREAD, own("refresh", 200, file)), SLEEP)],
        },
        code=(Line(OWN, 20, takes=(lock,)), Line(file, 200, calls=("time.sleep",), held=(lock,))),
    )
    verdict = judge(drawing)
    assert verdict.cause is Cause.LOCK_WAIT
    assert said in verdict.sentence


@pytest.mark.parametrize(
    ("first", "second", "sure"), [("NODES", "PODS", True), ("self.lock", "peer.lock", False)]
)
def test_a_circle_of_locks_is_sure_only_of_globals(first: str, second: str, sure: bool) -> None:
    drawing = scene(
        {
            "MainThread": [waiting(1.0, FUTEX, own("drain", 20))],
            "evictor": [Stand(1.0, (THREAD, own("evict", 200)), FUTEX)],
        },
        code=(
            Line(OWN, 20, takes=(first,), held=(second,)),
            Line(OWN, 200, takes=(second,), held=(first,)),
        ),
    )
    verdict = judge(drawing)
    assert verdict.cause is Cause.DEADLOCK
    assert (verdict.confidence is Confidence.HIGH) is sure
    assert ("locks of that name may be several" in verdict.sentence) is not sure


def test_the_lock_of_another_object_is_not_surely_taken_twice() -> None:
    drawing = scene(
        {"MainThread": [waiting(1.0, FUTEX, own("visit", 20))]},
        code=(Line(OWN, 20, takes=("self._lock",), held=("self._lock",)),),
    )
    verdict = judge(drawing)
    assert verdict.confidence is not Confidence.HIGH
    assert "may be several" in verdict.sentence


def test_a_file_of_ones_own_that_is_called_locks_is_not_the_standard_librarys() -> None:
    verdict = judge(scene({"MainThread": [waiting(1.0, FUTEX, own("step", 10, "/srv/scaler/locks.py"))]}))
    assert verdict.confidence is not Confidence.HIGH
