"""Does a step of a report's life again and again, killed at each touch of the disk in turn.

`python every_step.py accept|store FOLDER` leaves the folders `FOLDER/1`, `FOLDER/2` ... and prints for each
whether the step was done when it was killed. It ends when a step was not killed any more.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from daemon.spool.incoming import Incoming
from daemon.spool.spool import Spool
from model import coding
from model.capture import Capture
from model.report import CAPTURE_FILE, Report
from report.render import unrendered
from sinks.file import File
from tests.reports import REPORT_ID, make_report
from tests.unit.spool.entries import facts

SUFFICIENT = 500
Step = Callable[[], object]


def accepting(folder: Path) -> Step:
    """A capture is over, and becomes a report."""
    spool = Spool(folder / "spool", max_bytes=2**30, max_reports=10)
    home = make_report(folder, report_id=REPORT_ID)
    capture = coding.decode((home / CAPTURE_FILE).read_bytes(), Capture)
    incoming = Incoming(spool.path / "incoming" / capture.id, facts(capture))
    for file in (home / "evidence").iterdir():
        file.rename(incoming.evidence_dir / file.name)
    return lambda: spool.accept(incoming, capture)


def storing(folder: Path) -> Step:
    """A report is stored in a folder, where an older revision of it is already."""
    home = make_report(folder, report_id=REPORT_ID, dumps=())
    sink = File(path=folder / "reports")
    sink.store(Report(directory=home, manifest=unrendered(home, "the first")))
    report = Report(directory=home, manifest=unrendered(home, "the second"))
    return lambda: sink.store(report)


def killed_at(touch: int, folder: Path, step: Callable[[Path], Step]) -> bool:
    """Whether the step was done by a process that is killed at this touch of the disk."""
    pid = os.fork()
    if pid == 0:
        _do(touch, step(folder), folder)
    _, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, status
    return not os.WIFSIGNALED(status)


def _do(touch: int, step: Step, folder: Path) -> None:
    touches = 0

    def look(event: str, _arguments: object) -> None:
        nonlocal touches
        touches += event == "open" or event.startswith(("os.", "shutil."))
        if touches == touch:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(look)
    step()
    os._exit(0)


def main() -> None:
    """Kill at the first touch, at the second ..."""
    step = {"accept": accepting, "store": storing}[sys.argv[1]]
    for touch in range(1, SUFFICIENT):
        folder = Path(sys.argv[2]) / str(touch)
        folder.mkdir()
        done = killed_at(touch, folder, step)
        print(touch, flush=True)
        if done:
            return


if __name__ == "__main__":
    main()
