"""The document that `/v1/openapi.json` serves, held against the running daemon by requests made at random."""

import json
import subprocess
import sysconfig
from pathlib import Path

from tests.daemon import daemon, looping, target

SCHEMATHESIS = Path(sysconfig.get_path("scripts"), "schemathesis")
BY_DESIGN = (
    "use_after_free",  # what was cancelled can be looked up, and says so
    "positive_data_acceptance",  # `wait_s` goes with `when: next-iteration` only, names are printable
)
CHOICES = (
    "--exclude-path=/v1/live",  # an answer that does not end says nothing by its end
    f"--exclude-checks={','.join(BY_DESIGN)}",
    "--max-examples=30",
    "--seed=1",
    "--generation-database=none",
    "--no-color",
)


def test_the_daemon_keeps_to_its_document_whatever_it_is_asked(tmp_path: Path) -> None:
    with looping() as child, daemon(tmp_path, target("one", child.pid, collection_time="100ms")) as cam:
        command = [SCHEMATHESIS, "run", f"{cam.url}/v1/openapi.json", *CHOICES]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, cwd=tmp_path)
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-1000:]
        assert cam.get("/healthz") == {"ok": True}
        errors = [line for line in cam.log() if line.get("level") in ("error", "critical")]
    assert not errors, json.dumps(errors)[:2000]
