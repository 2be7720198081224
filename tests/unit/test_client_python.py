import asyncio
import os
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

CLIENT = Path(__file__).parents[2] / "deploy" / "clients" / "loopcam.py"
OLDEST = (3, 8)


@pytest.fixture(scope="module")
def client() -> ModuleType:
    from importlib.util import module_from_spec, spec_from_file_location

    spec = spec_from_file_location("loopcam_client", CLIENT)
    assert spec is not None
    assert spec.loader is not None
    made = module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


class Ear:
    """A socket that hears."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.setblocking(False)

    def heard(self) -> list[str]:
        found = []
        while True:
            try:
                found.append(self._socket.recv(1024).decode())
            except BlockingIOError:
                return found

    def close(self) -> None:
        self._socket.close()
        self.path.unlink(missing_ok=True)


@pytest.fixture
def ear(tmp_path: Path) -> Iterator[Ear]:
    made = Ear(tmp_path / "beat.sock")
    yield made
    made.close()


def test_each_event_is_one_datagram(client: ModuleType, ear: Ear) -> None:
    cam = client.Loopcam(ear.path, "one")
    cam.start()
    cam.end(17)
    cam.beat("a b")
    cam.idle()
    assert ear.heard() == ["start one", "end one 17", "beat one a b", "idle one"]
    unnamed = client.Loopcam(ear.path)
    unnamed.start()
    unnamed.end(17)
    assert ear.heard() == ["start", "end  17"]


def test_socket_and_target_come_from_the_environment(
    client: ModuleType, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOOPCAM_SOCKET", str(ear.path))
    monkeypatch.setenv("LOOPCAM_TARGET", "two")
    client.Loopcam().start()
    assert ear.heard() == ["start two"]


def test_an_iteration_ends_also_with_an_error(client: ModuleType, ear: Ear) -> None:
    cam = client.Loopcam(ear.path, "one")
    with pytest.raises(KeyError), cam.iteration(5):
        raise KeyError
    assert ear.heard() == ["start one 5", "end one 5"]


def test_functions_are_watched_plain_and_async(client: ModuleType, ear: Ear) -> None:
    cam = client.Loopcam(ear.path, "one")

    @cam.watched
    def plain(value: int) -> int:
        """Documented."""
        return value

    @cam.watched
    async def coroutine(value: int) -> int:
        await asyncio.sleep(0)
        assert ear.heard() == ["start one"]
        return value

    assert (plain(3), plain.__doc__) == (3, "Documented.")
    assert ear.heard() == ["start one", "end one"]
    assert asyncio.run(coroutine(4)) == 4
    assert ear.heard() == ["end one"]


def until_heard(ear: Ear, last: str) -> list[str]:
    """All that is heard up to this event."""
    heard = ear.heard()
    end_s = time.monotonic() + 30
    while last not in heard:
        assert time.monotonic() < end_s, heard
        time.sleep(0.001)
        heard += ear.heard()
    return heard


def until_unkept(cam: Any) -> None:
    """Nothing is kept, and the thread has ended."""
    end_s = time.monotonic() + 30
    while cam._kept or cam._flushing.locked():
        assert time.monotonic() < end_s
        time.sleep(0.001)


def test_what_finds_the_queue_full_goes_out_without_a_next_one(client: ModuleType, ear: Ear) -> None:
    cam = client.Loopcam(ear.path, "one")
    said = [f"{event} one {number}" for number in range(30) for event in ("start", "end")]
    for number in range(30):
        with cam.iteration(number):
            pass
    assert cam._kept
    assert until_heard(ear, "end one 29") == said
    until_unkept(cam)


def test_one_thread_at_a_time_sends_what_is_kept(
    client: ModuleType, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[object] = []
    monkeypatch.setattr(client, "start_new_thread", lambda function, _: started.append(function))
    cam = client.Loopcam(ear.path, "one")
    cam.start()
    assert not started
    for _ in range(100):
        cam.end()
    assert started == [cam._flush]


def test_it_gives_up_in_the_end(client: ModuleType, ear: Ear, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "_PATIENCE_S", 0.1)
    cam = client.Loopcam(ear.path, "one")
    for number in range(60):
        cam.start(number)
    until_unkept(cam)
    assert "start one 59" not in ear.heard()
    cam.idle()
    assert ear.heard() == ["idle one"]


def test_without_threads_it_goes_out_before_the_next(
    client: ModuleType, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(client, "start_new_thread", refused)
    cam = client.Loopcam(ear.path, "one")
    for _ in range(60):
        cam.start()
    assert cam._kept
    ear.heard()
    cam.end()
    assert "start one" in ear.heard()
    cam.end()
    assert ear.heard()


def test_whole_old_iterations_go_first_when_too_many_wait(client: ModuleType, ear: Ear) -> None:
    cam = client.Loopcam(ear.path, "one")
    cam._kept += [b"end one 0"]  # its start was heard
    cam._kept += [f"{event} one {n}".encode() for n in range(1, 4) for event in ("start", "end")]
    for left in ("0 2 2 3 3", "0 3 3", "0 3", "3"):  # the last event is an end, and stays
        cam._drop()
        assert [message.split()[-1].decode() for message in cam._kept] == left.split()


def test_a_child_is_not_hindered_by_what_its_parent_keeps(client: ModuleType, ear: Ear) -> None:
    cam = client.Loopcam(ear.path, "one")
    for number in range(60):
        cam.start(number)
    if (child := os.fork()) == 0:
        os._exit(0 if not cam._kept and not cam._flushing.locked() and not cam._sending.locked() else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert len(until_heard(ear, "start one 59")) == 60


def test_an_exit_does_not_wait_for_what_is_kept(ear: Ear) -> None:
    code = f"""
import sys
sys.path.insert(0, {str(CLIENT.parent)!r})
import loopcam
loopcam._PATIENCE_S = 3600.0
cam = loopcam.Loopcam({str(ear.path)!r}, "one")
for _ in range(1000):
    cam.start()
assert cam._kept and cam._flushing.locked()
"""
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")


def test_what_finds_the_queue_full_goes_out_before_the_next(client: ModuleType, ear: Ear) -> None:
    cam = client.Loopcam(ear.path, "one")
    for number in range(60):
        cam.start(number)
    first = ear.heard()
    assert 0 < len(first) < 60
    heard = [*first]
    while (cam.idle(), more := ear.heard())[1] != ["idle one"]:
        heard += more
    assert [line for line in heard if line != "idle one"] == [f"start one {number}" for number in range(60)]


def test_the_oldest_goes_when_too_many_wait(client: ModuleType, ear: Ear) -> None:
    cam = client.Loopcam(ear.path, "one")
    for number in range(1000):
        cam.start(number)
    while len(cam._kept) > client._KEPT:  # the thread is at it
        time.sleep(0)
    assert cam._kept[-1] == b"start one 999"


def test_while_nobody_listens_it_looks_again_once_a_second(
    client: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = 100.0
    looked = 0
    connect = client.Loopcam._connect

    def counted(self: object) -> None:
        nonlocal looked
        looked += 1
        connect(self)

    monkeypatch.setattr(client, "monotonic", lambda: now_s)
    monkeypatch.setattr(client.Loopcam, "_connect", counted)
    cam = client.Loopcam(tmp_path / "beat.sock", "one")
    for _ in range(100):
        cam.start()
    assert looked == 1
    ear = Ear(tmp_path / "beat.sock")
    cam.start()
    now_s += 1.1
    cam.end()
    assert ear.heard() == ["end one"]
    ear.close()
    cam.start()  # finds it gone
    again = Ear(tmp_path / "beat.sock")
    now_s += 1.1
    cam.end()
    assert again.heard() == ["end one"]
    again.close()


def test_a_listener_that_started_again_is_found_at_once(client: ModuleType, tmp_path: Path) -> None:
    ear = Ear(tmp_path / "beat.sock")
    cam = client.Loopcam(ear.path, "one")
    cam.start()
    ear.close()
    again = Ear(tmp_path / "beat.sock")
    cam.end()
    assert again.heard() == ["end one"]
    again.close()


def test_a_child_has_a_socket_of_its_own(client: ModuleType, ear: Ear) -> None:
    cam = client.Loopcam(ear.path, "one")
    cam.start("parent")
    child = os.fork()
    if child == 0:
        try:
            os.closerange(3, 256)  # as daemons do
            taken = [os.open("/dev/null", os.O_WRONLY) for _ in range(20)]
            cam.start("child")
            # none of them was closed, being taken for the socket
            os._exit(0 if all(stat.S_ISCHR(os.fstat(number).st_mode) for number in taken) else 1)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    cam.end("parent")
    assert ear.heard() == ["start one parent", "start one child", "end one parent"]


def test_nothing_wrong_is_ever_raised(client: ModuleType, tmp_path: Path) -> None:
    class Nameless:
        def __str__(self) -> str:
            raise ValueError

    (tmp_path / "file").touch()
    for path in ("/nowhere/at/all", tmp_path, tmp_path / "file", "x" * 500, "\0", ""):
        cam = client.Loopcam(path, "one")
        cam.start(Nameless())
        cam.start("\udcff")
        cam.end()


def _pythons() -> list[str]:
    """Those that pyenv has; the tests' own stands for them."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    return sorted(map(str, root.glob("3.*/bin/python"))) or [sys.executable]


@pytest.mark.parametrize("python", _pythons())
def test_it_runs_on_every_python_since_the_oldest(python: str, ear: Ear) -> None:
    code = f"""
import sys
sys.path.insert(0, {str(CLIENT.parent)!r})
if sys.version_info >= {OLDEST}:
    from loopcam import Loopcam
    with Loopcam({str(ear.path)!r}, "one").iteration("x"):
        pass
else:
    print("older")
"""
    done = subprocess.run([python, "-I", "-c", code], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    if "older" not in done.stdout:
        assert ear.heard() == ["start one x", "end one x"]
