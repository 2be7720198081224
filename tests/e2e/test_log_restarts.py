"""Logs that are not plain files, when the target or the daemon is started again."""

import os
from pathlib import Path

from tests import journals
from tests.daemon import daemon, target, until
from tests.prerequisites import require
from tests.targets import PROGRAMS, Program, Targets

START, END = "start", "end"


def test_the_own_file_of_a_target_that_restarts_is_followed(tmp_path: Path, targets: Targets) -> None:
    require("root", "unshare", "tmpfs")
    root, pidfile = tmp_path / "root", tmp_path / "pid"
    root.mkdir()

    def started() -> Program:
        python, script = os.path.realpath("/proc/self/exe"), str(PROGRAMS / "rooted.py")
        program = targets.run("unshare", "--mount", python, "-I", script, str(root))
        pidfile.write_text(str(program.pid))
        return program

    def logs(program: Program, *lines: str) -> None:
        for line in lines:
            program.tell(f"write /tmp/app.log {line}")
            assert program.hear() == "done"

    sources = [{"log": {"path": "target:/tmp/app.log", "start": START, "end": END}}]
    options = {"process": {"pidfile": str(pidfile)}, "max_loop_time": "1h", "iterations": sources}
    program = started()
    with daemon(tmp_path, target("own", **options)) as cam:
        cam.finds("own")
        until(lambda: "no such file" in cam.source("own")["detail"], "it is waited for")
        logs(program, START, END)
        until(lambda: cam.target("own")["iterations"] == 1, "an iteration")
        assert cam.source("own")["up"]
        before = program.pid
        program.kill()
        until(lambda: "process is not there" in cam.source("own")["detail"], "it is gone")
        again = started()
        until(lambda: cam.target("own")["pid"] not in (None, before), "the next one is found")
        logs(again, START, END, START)
        until(lambda: cam.target("own")["in_flight"], "its iteration in flight")
        assert cam.target("own")["iterations"] == 1
        assert cam.metric("loopcam_events_total", source="log") == 5


def test_the_journal_is_read_on_after_a_restart_and_old_lines_capture_nothing(
    tmp_path: Path, targets: Targets
) -> None:
    require("journal")
    child, folder = targets.start("idle.py"), tmp_path / "journal"
    place = {"journal": journals.UNIT, "journal_directory": str(folder)}
    with journals.journal(folder) as journal:
        sources = [{"log": {**place, "start": START, "end": END}}]
        options = {"max_loop_time": "200ms", "cooldown": "1h", "iterations": sources}
        with daemon(tmp_path, target("unit", child.pid, **options)) as cam:
            until(lambda: cam.source("unit")["up"], "it is read")
            journal.write(END.encode())
            until(lambda: cam.metric("loopcam_events_total", source="log") == 1, "a line")
            assert cam.stop() == 0
            for _ in range(20):
                journal.write(START.encode())
                journal.write(END.encode())
            until(lambda: journals.shown(folder).count(END) == 21, "all are in the journal")
            cam.start()
            until(lambda: cam.metric("loopcam_stale_events_total", source="log") == 40, "they are counted")
            until(lambda: cam.source("unit")["up"], "it is read again")
            assert cam.metric("loopcam_overruns_total") == 0
            assert cam.metric("loopcam_events_total", source="log") == 0
