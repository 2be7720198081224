"""A whole daemon that stores in a bucket of Google's, by its store process alone."""

from pathlib import Path

from tests.contract.sinks_places import Objects
from tests.daemon import Daemon, looping, target, until
from tests.gcs import emulator
from tests.reports import assert_valid_report


def test_a_report_is_stored_and_the_daemon_does_not_load_googles_library(tmp_path: Path) -> None:
    with emulator() as store, looping() as child:
        store.allowed = frozenset({"create"})
        cam = Daemon(tmp_path, [target("one", child.pid)], sinks=[{"gcs": {"bucket": store.bucket}}])
        cam.environment = {"STORAGE_EMULATOR_HOST": store.url}
        try:
            cam.start()
            cam.beat("start", "one")
            until(lambda: cam.metric("loopcam_deliveries_total", sink="gcs", result="delivered"), "delivered")
            loaded = (Path("/proc") / str(cam.process.pid) / "maps").read_text()
            assert "crc32c" not in loaded
            assert cam.said("report stored")[0]["location"].startswith(f"gs://{store.bucket}/one/")
        finally:
            cam.close()
        place = Objects(None, lambda: store.contents)  # type: ignore[arg-type]
        [folder] = place.whole()
        manifest = assert_valid_report(place.fetch(folder, tmp_path / Path(folder).name))
    assert manifest.top_stacks[0].function == "the_culprit"
