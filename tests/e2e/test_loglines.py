"""A stall's report holds the iteration's own log lines, without the secrets that were written to it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.daemon import daemon, looping, target, until

CANARY = "c4naryXq7Zp0Lw9"


def write(log: Path, text: str, ago_s: float = 0) -> None:
    stamp = (datetime.now(UTC) - timedelta(seconds=ago_s)).isoformat().replace("+00:00", "Z")
    with log.open("a") as file:
        file.write(f"{stamp} {text}\n")


def test_the_report_of_a_stall_holds_the_iterations_lines(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    write(log, "start of an hour ago", ago_s=3600)
    heard = {"log": {"path": str(log), "start": "start$", "end": "end$"}}
    with looping() as child:
        collectors = ["pyspy", "loglines"]
        scaler = target("scaler", child.pid, iterations=[heard], collectors=collectors, collection_time="40s")
        with daemon(tmp_path, scaler) as cam:
            until(lambda: cam.source("scaler")["up"], "the log is heard")
            write(log, "iteration start")
            write(log, f'calling https://user:{CANARY}@cloud/ with {{"token":"{CANARY}"}} and waiting')
            until(lambda: list(cam.spool.glob("incoming/*/report/evidence/loglines.log")), "the trigger")
            write(log, f"retrying with Authorization: Bearer {CANARY}, attempt 2")
            write(log, "iteration end")  # ends the window, a second later
            report = cam.stored(1)[0]
    manifest = (report / "manifest.json").read_text()
    assert '"kind":"loglines"' in manifest.replace(": ", ":")
    lines = [line.partition(" ")[2] for line in (report / "evidence/loglines.log").read_text().splitlines()]
    assert lines == [
        "iteration start",
        'calling https://[scrubbed]@cloud/ with {"token":"[scrubbed]"} and waiting',
        "retrying with Authorization: Bearer [scrubbed], attempt 2",
        "iteration end",
    ]
    assert not [file for file in report.rglob("*") if file.is_file() and CANARY.encode() in file.read_bytes()]
