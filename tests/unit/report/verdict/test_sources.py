"""Source files are read as the target's user could, within the target's root, and nothing is waited for."""

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from model.capture import ProcessIdentity
from report.evidence import sources
from report.evidence.sources import MOST_BYTES, Reader, text, texts

EVERYBODY = Reader(uid=os.getuid() + 1)
LATER = 4e9


@pytest.fixture
def root(tmp_path: Path) -> Iterator[int]:
    """A target's root, `root/`, in a folder that has more than that."""
    (tmp_path / "outside.py").write_text("ours()")
    inside = tmp_path / "root"
    for folder in (inside, inside / "app", inside / "hidden"):
        folder.mkdir()
        folder.chmod(0o755)
    (inside / "app" / "loop.py").write_text("work()")
    (inside / "hidden" / "secret.py").write_text("secret()")
    descriptor = os.open(inside, os.O_PATH | os.O_DIRECTORY)
    yield descriptor
    os.close(descriptor)


def had(root: int, path: str, reader: Reader = EVERYBODY) -> bytes | None:
    try:
        return text(root, path, reader, LATER)
    except OSError:
        return None


@pytest.mark.parametrize(
    "path", ["/app/loop.py", "//app/./loop.py", "/../../app/loop.py", "/app/../app/loop.py"]
)
def test_a_path_is_the_targets(root: int, path: str) -> None:
    assert had(root, path) == b"work()"


@pytest.mark.parametrize("to", ["loop.py", "/app/loop.py", "../app/loop.py", "../../../app/loop.py"])
def test_a_link_is_the_targets_too(root: int, tmp_path: Path, to: str) -> None:
    (tmp_path / "root/app/link.py").symlink_to(to)
    assert had(root, "/app/link.py") == b"work()"


def test_no_link_and_no_path_leads_out(root: int, tmp_path: Path) -> None:
    app = tmp_path / "root/app"
    (app / "up.py").symlink_to("../../outside.py")
    (app / "there.py").symlink_to(tmp_path / "outside.py")
    (app / "folder").symlink_to(tmp_path)
    (app / "around.py").symlink_to("around.py")
    for path in ("/app/up.py", "/app/there.py", "/app/folder/outside.py", "/app/around.py"):
        assert had(root, path) is None
    assert had(root, "/../outside.py") is None
    assert had(root, "/app/loop.py/../../outside.py") is None


def test_a_folder_that_becomes_a_link_meanwhile_leads_nowhere(root: int, tmp_path: Path) -> None:
    app, other, over = tmp_path / "root/app", tmp_path / "root/other", threading.Event()
    other.symlink_to(tmp_path)
    (tmp_path / "loop.py").write_text("ours()")

    def exchange() -> None:
        while not over.is_set():
            app.rename(tmp_path / "root/kept")
            other.rename(app)
            app.rename(other)
            (tmp_path / "root/kept").rename(app)

    exchanging = threading.Thread(target=exchange)
    exchanging.start()
    try:
        found = {had(root, "/app/../app/loop.py") for _ in range(2000)}
        for _ in range(200_000):  # on busy cores the folder may be away each time we look
            if b"work()" in found:
                break
            found.add(had(root, "/app/../app/loop.py"))
    finally:
        over.set()
        exchanging.join()
    assert found <= {b"work()", None}
    assert b"work()" in found


@pytest.mark.parametrize(("mode", "folder_mode"), [(0o600, 0o755), (0o604, 0o750), (0o640, 0o755)])
def test_what_its_user_could_not_read_is_left_alone(
    root: int, tmp_path: Path, mode: int, folder_mode: int
) -> None:
    (tmp_path / "root/hidden/secret.py").chmod(mode)
    (tmp_path / "root/hidden").chmod(folder_mode)
    (tmp_path / "root/app/link.py").symlink_to("/hidden/secret.py")
    for path in ("/hidden/secret.py", "/app/link.py"):
        assert had(root, path) is None
        assert had(root, path, Reader(uid=os.getuid())) == b"secret()"
        group = Reader(uid=os.getuid() + 1, groups=frozenset({os.getgid()}))
        assert (had(root, path, group) is not None) == (mode == 0o640)
        assert had(root, path, Reader(uid=os.getuid() + 1, all_files=True)) == b"secret()"


def test_only_regular_files_of_some_size_that_did_not_change_are_opened(root: int, tmp_path: Path) -> None:
    app = tmp_path / "root/app"
    os.mkfifo(app / "pipe.py")
    (app / "folder.py").mkdir()
    (app / "large.py").write_bytes(b"#" * (MOST_BYTES + 1))
    (app / "text.txt").write_text("work()")
    for path in ("/app/pipe.py", "/app/folder.py", "/app/large.py", "/app/text.txt", "app/loop.py", "/"):
        assert had(root, path) is None
    with pytest.raises(ValueError, match="null"):
        text(root, "/app/\0.py", EVERYBODY, LATER)
    assert text(root, "/app/loop.py", EVERYBODY, 1.0) is None


def ourselves(pid: int) -> ProcessIdentity:
    return ProcessIdentity(
        pid=pid,
        start_ticks=1,
        uid=os.getuid(),
        gid=os.getgid(),
        executable="/usr/bin/python3",
        name="python3",
    )


def test_a_disk_that_hangs_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "PATIENCE_S", 0.05)
    (tmp_path / "loop.py").write_text("work()")
    hangs = threading.Event()
    began_s = time.monotonic()
    found = texts(ourselves(os.getpid()), [str(tmp_path / "loop.py")], LATER, hangs.wait)
    assert found == {}
    assert time.monotonic() - began_s < 5
    hangs.set()


def test_of_a_process_that_is_gone_nothing_is_read(tmp_path: Path) -> None:
    (tmp_path / "loop.py").write_text("work()")
    file = str(tmp_path / "loop.py")
    assert texts(ourselves(os.getpid()), [file, "/\ud800\0.py"], LATER, lambda: True) == {file: b"work()"}
    assert texts(ourselves(os.getpid()), [file], LATER, lambda: False) == {}
    assert texts(ourselves(2**22 + 1), [file], LATER, lambda: True) == {}
