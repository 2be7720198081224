"""`loopcam doctor --probe-sinks`: a small report in every sink, by the real store processes."""

import json
from pathlib import Path

from tests.daemon import loopcam, looping
from tests.e2e.conftest import Bucket
from tests.reports import assert_valid_report


def test_a_probe_is_stored_and_marked_and_what_refuses_is_told(tmp_path: Path, bucket: Bucket) -> None:
    refusing = {"http": {"url": "http://127.0.0.1:1/{target}/{id}", "deadline": "5s"}}
    file = tmp_path / "loopcam.yaml"
    with looping() as child:
        options = {
            "targets": [{"name": "one", "process": {"pid": child.pid}, "max_loop_time": "1s"}],
            "spool": {"path": str(tmp_path / "spool"), "max_bytes": "2MiB"},
            "sinks": [{"file": {"path": str(tmp_path / "reports")}}, bucket.sink(), refusing],
        }
        file.write_text(json.dumps(options))
        file.chmod(0o600)
        done = loopcam("doctor", "--config", str(file), "--json")
        assert not bucket.keys()  # nothing is stored unless it is asked for
        assert json.loads(done.stdout)["headline"] == "READY: one, py-spy, 3 sinks"
        done = loopcam("doctor", "--config", str(file), "--probe-sinks", "--json")
    assert done.returncode == 0, done.stdout + done.stderr  # a capture would work, and wait in the spool
    said = json.loads(done.stdout)
    assert said["headline"] == "READY: one, py-spy, 2 of 3 sinks"
    probes = {one["subject"]: one for one in said["findings"] if one["check"] == "probe"}
    assert probes["sink file"]["level"] == probes["sink s3"]["level"] == "ok"
    assert f"s3://{bucket.name}/loopcam-doctor/" in probes["sink s3"]["what"]
    assert (probes["sink http"]["level"], "127.0.0.1" in probes["sink http"]["what"]) == ("warning", True)
    assert bucket.head(bucket.keys()[-1])["Metadata"]["loopcam-drill"] == "true"
    manifest = assert_valid_report(Path(probes["sink file"]["what"].partition("stays: ")[2]))
    assert manifest.capture.notes == ("drill",)
    assert loopcam("doctor", "--probe-sinks").returncode == 64
