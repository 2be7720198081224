"""What every sink promises, ours and one from outside."""

import traceback
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest

from disk.durable import sha256
from model import coding
from model.errors import LoopcamError, SinkError
from model.report import Report
from report.render import unrendered
from sinks import SINKS, plugins
from tests.contract.sinks_places import CANARY, LABELS, PLACES, Place, distribution
from tests.reports import assert_valid_report, finished_report


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, tmp_path: Path, store_url: str) -> Iterator[Place]:
    with PLACES[request.param](tmp_path, store_url) as made:
        yield made


@pytest.fixture
def report(tmp_path: Path) -> Report:
    return finished_report(tmp_path / "spool", labels=LABELS)


def test_every_sink_of_ours_is_under_this_contract() -> None:
    assert set(SINKS) <= set(PLACES)


def test_a_report_is_stored_whole(place: Place, report: Report, tmp_path: Path) -> None:
    place.sink.prepare()
    location = place.sink.store(report)
    [folder] = place.whole()
    assert report.manifest.id in folder
    assert report.manifest.id in location
    assert assert_valid_report(place.fetch(folder, tmp_path / "back" / report.manifest.id)) == report.manifest


def test_the_path_of_the_manifest_is_kept(place: Place, report: Report) -> None:
    place.sink.store(report)
    [folder] = place.whole()
    assert f"/{folder}".endswith(f"/{report.manifest.path}")


def test_storing_again_leaves_one_whole_report_at_the_same_location(
    place: Place, report: Report, tmp_path: Path
) -> None:
    first = place.sink.store(report)
    assert place.sink.store(report) == first
    [folder] = place.whole()
    assert_valid_report(place.fetch(folder, tmp_path / "back" / report.manifest.id))


def test_a_new_revision_takes_the_place_of_the_old(place: Place, report: Report, tmp_path: Path) -> None:
    first = place.sink.store(report)
    newer = Report(directory=report.directory, manifest=unrendered(report.directory, "another look"))
    assert place.sink.store(newer) == first
    [folder] = place.whole()
    stored = assert_valid_report(place.fetch(folder, tmp_path / "back" / report.manifest.id))
    assert stored.revision == report.manifest.revision + 1


@pytest.mark.parametrize("lost", ["evidence/dump-000.json", "evidence/pyspy-001.json", "manifest.json"])
def test_a_missing_file_is_a_clear_error_and_lists_no_report(place: Place, report: Report, lost: str) -> None:
    (report.directory / lost).unlink()
    with pytest.raises((SinkError, FileNotFoundError), match=lost):
        place.sink.store(report)
    assert place.whole() == []


def test_nothing_of_the_report_is_altered(place: Place, report: Report) -> None:
    def state() -> dict[Path, tuple[int, str]]:
        found = (file for file in report.directory.parent.rglob("*") if file.is_file())
        return {file: (file.stat().st_mtime_ns, sha256(file)) for file in found}

    before = state()
    place.sink.store(report)
    assert state() == before


@pytest.mark.threat("secrets")
def test_secrets_are_in_no_location_repr_or_error(place: Place, report: Report) -> None:
    assert CANARY not in place.sink.store(report)
    assert CANARY not in repr(place.sink)
    (report.directory / "manifest.json").unlink()
    with pytest.raises((SinkError, FileNotFoundError)) as caught:
        place.sink.store(report)
    assert CANARY not in "".join(traceback.format_exception(caught.value))


def test_the_options_survive_the_way_to_a_child(place: Place, report: Report) -> None:
    there = coding.decode(coding.encode(place.sink), type(place.sink))
    assert there == place.sink
    there.store(report)
    assert len(place.whole()) == 1


def test_the_options_have_no_faults(place: Place) -> None:
    assert list(place.sink.check()) == []
    assert place.sink.labels() <= {"cluster"}


def test_every_option_is_described(place: Place) -> None:
    options = msgspec.inspect.type_info(type(place.sink))
    assert isinstance(options, msgspec.inspect.StructType)
    for option in options.fields:
        assert isinstance(option.type, msgspec.inspect.Metadata), option.name
        assert "description" in (option.type.extra_json_schema or {}), option.name


@pytest.mark.threat("traversal")
@pytest.mark.parametrize("target", ["..", "../../../out", "a/../../../b", "/etc", "nul\0", "x\ny", "%2e%2e"])
def test_a_hostile_target_stays_inside(place: Place, report: Report, target: str, tmp_path: Path) -> None:
    hostile = msgspec.structs.replace(
        report.manifest, path=report.manifest.path.replace("demo/", target + "/")
    )
    before = {file for file in tmp_path.rglob("*") if "spool" not in file.parts}
    with suppress(SinkError, ValueError):
        place.sink.store(Report(directory=report.directory, manifest=hostile))
    new = {file for file in tmp_path.rglob("*") if "spool" not in file.parts} - before
    assert all(set(file.relative_to(tmp_path).parts) & {"reports", "shelf"} for file in new)
    assert not any("/../" in f"/{folder}/" for folder in place.whole())


@pytest.mark.threat("traversal")
@pytest.mark.parametrize("path", ["../../stolen", "/etc/hostname", "evidence/../../stolen", "link"])
def test_a_hostile_file_name_is_not_read(report: Report, path: str, tmp_path: Path, store_url: str) -> None:
    (tmp_path / "stolen").write_text("x")
    (report.directory / "link").symlink_to(tmp_path / "stolen")
    first = msgspec.structs.replace(report.manifest.artifacts[0], path=path, size_bytes=1)
    hostile = Report(
        directory=report.directory, manifest=msgspec.structs.replace(report.manifest, artifacts=(first,))
    )
    for name in ("file", "s3", "gcs", "http", "http-tar"):
        (tmp_path / name).mkdir()
        with PLACES[name](tmp_path / name, store_url) as place:
            with pytest.raises(SinkError) as caught:
                place.sink.store(hostile)
            assert not caught.value.retry
            assert place.whole() == []


@pytest.mark.threat("traversal")
def test_hostile_labels_stay_inside(place: Place, tmp_path: Path) -> None:
    labels = {"cluster": "../../x?y#z @\r\n\u00e9\u2028", "pod": "v" * 5000, "r\u00e9gion\n": "../.."}
    report = finished_report(tmp_path / "spool", labels=labels)
    place.sink.store(report)
    [folder] = place.whole()
    assert ".." not in Path(folder).parts
    assert folder.endswith(report.manifest.path)


def test_a_sink_from_outside_is_listed_beside_ours(tmp_path: Path) -> None:
    with distribution(tmp_path, "shelf = loopcam_shelf:Shelf", "Shelf = 1"):
        assert set(plugins.names()) == {*SINKS, "shelf"}
    assert set(plugins.names()) == set(SINKS)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import no_such_library", "No module named 'no_such_library'"),
        ("raise SystemError('half installed')", "half installed"),
        ("", "has no attribute 'Shelf'"),
        ("class Shelf: pass", "is no Sink"),
    ],
)
def test_a_broken_sink_from_outside_says_what_is_wrong(tmp_path: Path, code: str, said: str) -> None:
    with distribution(tmp_path, "shelf = loopcam_shelf:Shelf", code):
        with pytest.raises(LoopcamError, match=said) as caught:
            plugins.find("shelf")
        assert caught.value.remedy


def test_a_sink_from_outside_cannot_take_the_name_of_ours(tmp_path: Path) -> None:
    with distribution(tmp_path, "file = loopcam_shelf:Shelf", "raise SystemError"):
        assert plugins.find("file").__module__ == "sinks.file"


def test_a_misspelt_sink_names_the_one_it_looks_like() -> None:
    with pytest.raises(KeyError) as caught:
        plugins.find("flie")
    assert caught.value.near == ("file",)  # type: ignore[attr-defined]
