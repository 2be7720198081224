import os
from pathlib import Path

import pytest

from daemon.sources.log.places import Place, Places

LOG = "/var/log/app.log"
DAMAGED = {
    "empty": b"",
    "cut": b'{"version":1,"log":"/var/',
    "nuls": bytes(300),
    "random": os.urandom(300),
    "another version": b'{"version":99,"log":"/var/log/app.log"}',
    "another form": b"[1,2,3]",
    "deep": b"[" * 100_000,
}


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path / "sources", "scaler", "log")


def test_a_place_is_read_as_it_was_written(places: Places, tmp_path: Path) -> None:
    place = Place(log=LOG, bookmark="cursor", opened=("7", None))
    places.write(place)
    assert Places(tmp_path / "sources", "scaler", "log").read(LOG) == (place, False)


def test_the_place_in_another_log_is_none(places: Places) -> None:
    places.write(Place(log=LOG, bookmark="cursor"))
    assert places.read("/other.log") == (Place(log="/other.log"), False)


@pytest.mark.fault("L9")
@pytest.mark.parametrize("data", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_place_is_set_aside_and_reading_begins(places: Places, data: bytes) -> None:
    places.path.parent.mkdir()
    places.path.write_bytes(data)
    assert places.read(LOG) == (Place(log=LOG), True)
    assert [one.read_bytes() for one in places.path.parent.glob("*.corrupt-*")] == [data]
    places.write(Place(log=LOG, bookmark="new"))
    assert places.read(LOG)[0].bookmark == "new"


@pytest.mark.fault("L9")
def test_a_place_that_cannot_be_written_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "sources").write_text("a file where a folder should be")
    places = Places(tmp_path / "sources", "scaler", "log")
    for number in range(3):
        places.write(Place(log=LOG, bookmark=str(number)))
    assert len(caplog.records) == 1
