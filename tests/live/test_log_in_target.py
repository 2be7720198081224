import ctypes
import os
from pathlib import Path

import pytest

from daemon.sources.log.readers.file.folder import open_log
from daemon.sources.log.readers.target import InTarget
from daemon.targets.process import HeldProcess
from model.errors import SourceError
from tests.prerequisites import require
from tests.targets import PROGRAMS, Program, Targets

SECRET = b"of the host\n"


class Rooted:
    """Targets with a root of their own, one after the other."""

    def __init__(self, targets: Targets, folder: Path) -> None:
        require("root", "unshare", "tmpfs")
        self._targets, self._folder = targets, folder
        self.process: HeldProcess | None = None
        self.program: Program | None = None

    def start(self) -> None:
        """Start one, and hold it as the target's process."""
        python = os.path.realpath("/proc/self/exe")
        self.program = self._targets.run(
            *("unshare", "--mount", python, "-I", str(PROGRAMS / "rooted.py"), str(self._folder))
        )
        self.process = HeldProcess(self.program.pid)

    def tell(self, line: str) -> None:
        """Have it done."""
        assert self.program is not None
        self.program.tell(line)
        assert self.program.hear() == "done"

    def end(self) -> None:
        """End it as the daemon sees it: nobody is held any more."""
        if self.program is not None and self.process is not None:
            self.program.kill()
            self.process.close()
            self.process = None

    def log(self, path: str) -> InTarget:
        """A path in it."""
        return InTarget(f"target:{path}", lambda: self.process)


@pytest.fixture
def rooted(targets: Targets, tmp_path: Path):  # type: ignore[no-untyped-def]
    one = Rooted(targets, tmp_path / "root")
    (tmp_path / "root").mkdir()
    one.start()
    yield one
    one.end()


def text(folder: InTarget) -> bytes:
    descriptor = open_log(folder)
    try:
        return os.read(descriptor, 4096)
    finally:
        os.close(descriptor)


def test_a_file_in_the_targets_root_is_read(rooted: Rooted, tmp_path: Path) -> None:
    rooted.tell("write /tmp/app.log one")
    assert not (tmp_path / "root" / "tmp").exists()  # from here, nothing of it is to be seen
    log = rooted.log("/tmp/app.log")
    assert text(log) == b"one\n"
    assert log.name() == "app.log"
    rooted.tell("rename /tmp/app.log /tmp/app.log.1")
    rooted.tell("write /tmp/app.log two")
    assert text(log) == b"two\n"
    folder = log.directory()
    assert sorted(os.listdir(folder)) == ["app.log", "app.log.1"]
    os.close(folder)


def test_a_link_stays_within_the_targets_root(rooted: Rooted, tmp_path: Path) -> None:
    ours = tmp_path / "secret.log"
    ours.write_bytes(SECRET)
    rooted.tell(f"link {ours} /tmp/absolute.log")
    rooted.tell(f"link ../../../../../..{ours} /tmp/relative.log")
    rooted.tell(f"link {tmp_path} /tmp/folder")
    rooted.tell("link / /tmp/top")
    for path in ("/tmp/absolute.log", "/tmp/relative.log", "/tmp/folder/secret.log", f"/tmp/top{ours}"):
        with pytest.raises(SourceError, match="no such file"):
            open_log(rooted.log(path))
        with pytest.raises(FileNotFoundError):
            rooted.log(path).directory()
    with pytest.raises(SourceError, match="no such file"):
        open_log(rooted.log(f"/../../../..{ours}"))


def test_a_link_within_is_followed_to_where_the_generations_are(rooted: Rooted) -> None:
    rooted.tell("write /var/log/app.3.log here")
    rooted.tell("link /var/log /tmp/logs")
    rooted.tell("link ../tmp/logs/app.3.log /var/current")
    rooted.tell("link /var/current /tmp/app.log")
    log = rooted.log("/tmp/app.log")
    assert text(log) == b"here\n"
    assert log.name() == "app.3.log"
    folder = log.directory()
    assert os.listdir(folder) == ["app.3.log"]
    os.close(folder)


def test_links_in_a_circle_are_told(rooted: Rooted) -> None:
    rooted.tell("link /tmp/b /tmp/a")
    rooted.tell("link /tmp/a /tmp/b")
    with pytest.raises(SourceError, match="Too many levels"):
        open_log(rooted.log("/tmp/a"))
    with pytest.raises(OSError, match="Too many levels"):
        rooted.log("/tmp/a").name()


def test_a_target_that_restarts_is_read_in_its_new_root(rooted: Rooted) -> None:
    rooted.tell("write /tmp/app.log before")
    log = rooted.log("/tmp/app.log")
    rooted.end()
    with pytest.raises(SourceError, match="process is not there"):
        open_log(log)
    rooted.start()
    with pytest.raises(SourceError, match="no such file"):
        open_log(log)
    rooted.tell("write /tmp/app.log after")
    assert text(log) == b"after\n"


def test_a_process_that_has_ended_is_told(rooted: Rooted) -> None:
    rooted.tell("write /tmp/app.log one")
    assert rooted.program is not None
    rooted.program.process.kill()
    rooted.program.process.wait()
    with pytest.raises(SourceError, match="has just ended"):
        open_log(rooted.log("/tmp/app.log"))


def test_without_the_right_the_remedy_is_told(rooted: Rooted) -> None:
    """As another user, who may not look into the target."""
    rooted.tell("write /tmp/app.log one")
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setresuid(65534, 65534, 65534)
            ctypes.CDLL(None).prctl(4, 0)
            open_log(rooted.log("/tmp/app.log"))
            os.write(writing, b"it was opened")
        except SourceError as error:
            os.write(writing, f"{error}|{error.remedy}".encode())
        finally:
            os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    said = os.read(reading, 4096).decode()
    os.close(reading)
    assert "may not be entered" in said
    assert "CAP_SYS_PTRACE" in said


def test_where_openat2_is_missing_nothing_less_safe_is_tried(
    rooted: Rooted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("disk.rooted._OPENAT2", 9999)  # no such call: ENOSYS, as of old
    with pytest.raises(SourceError, match="openat2") as caught:
        open_log(rooted.log("/tmp/app.log"))
    assert "seccomp" in caught.value.remedy


def test_a_number_that_means_another_process_by_now_is_not_trusted(rooted: Rooted, tmp_path: Path) -> None:
    """The one that was held has ended; its number leads to a root in which there is such a file."""
    rooted.tell("write /tmp/app.log of-another")
    held = rooted.process
    assert held is not None

    class Ended(HeldProcess):
        def __init__(self) -> None:
            self.identity = held.identity

        def alive(self) -> bool:
            return False

    with pytest.raises(SourceError, match="has just ended"):
        open_log(InTarget("target:/tmp/app.log", Ended))
