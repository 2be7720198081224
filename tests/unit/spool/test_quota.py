import random
from pathlib import Path

import pytest

from daemon.spool.entry import Entry
from daemon.spool.state import Delivery, Progress
from model.errors import SpoolError
from tests.tally import Tally, Times
from tests.unit.spool.entries import DELIVERED, name, opened_spool, put

STORED = {"file": DELIVERED}


@pytest.mark.fault("S4")
def test_an_empty_spool_has_room(tmp_path: Path) -> None:
    spool = opened_spool(tmp_path)
    assert spool.has_room("demo")
    assert spool.used_bytes() == 0
    spool.close()


@pytest.mark.fault("S4")
def test_the_oldest_delivered_reports_go_first(tmp_path: Path) -> None:
    for number in (3, 1, 2, 4):
        put(tmp_path, number, sinks=STORED)
    spool = opened_spool(tmp_path, max_reports=3)
    spool.make_room()
    assert sorted(spool.entries) == [name(3), name(4)]
    assert sorted(entry.name for entry in (tmp_path / "reports").iterdir()) == [name(3), name(4)]
    spool.close()


@pytest.mark.fault("S4")
def test_what_a_sink_does_not_have_is_never_deleted(tmp_path: Path) -> None:
    put(tmp_path, 1)
    put(tmp_path, 2, sinks={"file": DELIVERED, "s3": Delivery(progress=Progress.DEAD)})
    put(tmp_path, 3, sinks=STORED, drawn=False)
    put(tmp_path, 4, sinks=STORED)
    spool = opened_spool(tmp_path, max_reports=1)
    spool.make_room()
    assert sorted(spool.entries) == [name(1), name(2), name(3)]
    spool.close()


@pytest.mark.fault("S4")
def test_below_the_quota_nothing_is_deleted(tmp_path: Path) -> None:
    for number in (1, 2):
        put(tmp_path, number, sinks=STORED)
    spool = opened_spool(tmp_path, max_reports=3)
    spool.make_room()
    assert len(spool.entries) == 2
    spool.close()


@pytest.mark.fault("S4")
def test_bytes_count_as_well_as_reports(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        put(tmp_path, number, sinks=STORED, padding_bytes=100_000)
    spool = opened_spool(tmp_path, max_bytes=250_000)
    assert spool.used_bytes() > 300_000
    spool.make_room()
    assert sorted(spool.entries) == [name(2), name(3)]
    assert spool.used_bytes() < 250_000
    spool.close()


@pytest.mark.fault("S4")
def test_delivered_reports_are_no_reason_to_refuse(tmp_path: Path) -> None:
    put(tmp_path, 1, sinks=STORED)
    put(tmp_path, 2)
    spool = opened_spool(tmp_path, max_reports=2)
    assert spool.has_room("demo")
    spool.close()


@pytest.mark.fault("S4")
def test_a_spool_full_of_undelivered_reports_refuses(tmp_path: Path) -> None:
    put(tmp_path, 1)
    put(tmp_path, 2)
    for quota in ({"max_reports": 2}, {"max_bytes": 1000}):
        spool = opened_spool(tmp_path, **quota)
        assert not spool.has_room("demo")
        spool.close()


@pytest.mark.fault("S4")
def test_one_slot_is_kept_for_every_target(tmp_path: Path) -> None:
    put(tmp_path, 1, target="noisy")
    put(tmp_path, 2, target="noisy")
    spool = opened_spool(tmp_path, max_reports=1)
    assert not spool.has_room("noisy")
    assert spool.has_room("quiet")
    spool.close()


@pytest.mark.fault("S4")
def test_two_daemons_do_not_share_a_spool(tmp_path: Path) -> None:
    first = opened_spool(tmp_path)
    with pytest.raises(SpoolError, match="used by another daemon"):
        opened_spool(tmp_path)
    first.close()
    opened_spool(tmp_path).close()


@pytest.mark.fault("S4")
def test_a_place_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(SpoolError, match="Not a directory"):
        opened_spool(tmp_path / "file" / "spool")


@pytest.mark.fault("S4")
def test_only_its_owner_may_look_into_a_spool(tmp_path: Path) -> None:
    opened_spool(tmp_path / "spool").close()
    for path in (tmp_path / "spool").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0


@pytest.mark.fault("S4")
def test_however_many_reports_come_there_is_one_more_than_the_quota_at_most(
    tmp_path: Path, tally: Tally, times: Times
) -> None:
    chance = random.Random(7)
    spool = opened_spool(tmp_path, max_bytes=200_000, max_reports=20)
    tally.tries, tally.wrong = times(60, 10_000), 0
    for number in range(tally.tries):
        target = chance.choice(["demo", "other"])
        if spool.has_room(target):
            sinks = {"file": Delivery()} if chance.random() < 0.3 else STORED
            entry = Entry(
                put(tmp_path, number, target=target, sinks=sinks, padding_bytes=chance.randrange(9000))
            )
            tally.wrong += spool.used_bytes() > spool.max_bytes
            spool.add(entry)
            tally.wrong += len(spool.entries) > spool.max_reports + 1
            if sinks is not STORED and chance.random() < 0.9:
                entry.set_delivery("file", DELIVERED)
        spool.make_room()
        for entry in spool.owed():
            if chance.random() < 0.1:
                entry.set_delivery("file", DELIVERED)
    assert tally.wrong == 0
    assert {entry.target for entry in spool.entries.values()} == {"demo", "other"}
    spool.close()
