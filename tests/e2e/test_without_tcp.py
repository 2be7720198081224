"""A daemon that listens on Unix sockets only, as in a pod with the node's network."""

from pathlib import Path

from tests.beats import sockets
from tests.daemon import daemon, loopcam, looping, target


def _tcp_sockets(pid: int) -> set[str]:
    """The TCP sockets that a process has, by inode."""
    proc = Path("/proc", str(pid))
    lines = [
        line for table in ("tcp", "tcp6") for line in (proc / "net" / table).read_text().splitlines()[1:]
    ]
    links = (one.readlink() for one in (proc / "fd").iterdir())
    held = {str(link).removeprefix("socket:[").removesuffix("]") for link in links}
    return held & {line.split()[9] for line in lines}


def test_commands_go_over_the_socket_and_nothing_listens_on_tcp(tmp_path: Path) -> None:
    options = {"listen": None, "unix": sockets(tmp_path)}
    with looping() as child, daemon(tmp_path, target("one", child.pid), **options) as cam:
        assert cam.url == f"unix:{tmp_path / 'http.sock'}"
        assert _tcp_sockets(cam.process.pid) == set()
        assert loopcam("reports", "list", "--url", cam.url).returncode == 0
        assert cam.stop() == 0


def test_a_daemon_that_would_hear_nobody_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "loopcam.yaml"
    file.write_text("listen: null\ntargets: [{name: a, process: {pid: 1}, max_loop_time: 2m}]\n")
    done = loopcam("check", str(file))
    assert done.returncode == 78
    assert "listen: null" in done.stderr
    assert "set unix.http" in done.stderr
