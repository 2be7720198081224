"""Answers that unpack to gigabytes: whoever reads them stays small."""

import socket
import zlib
from pathlib import Path

import pytest

from report.evidence import profiles
from tests.daemon import daemon, looping, target, until
from tests.servers import Request, reply, scripted

pytestmark = pytest.mark.threat("bombs")

CONTENT_BYTES = 10 << 30
_FLUSHED_BYTES = 1 << 20
GROWN_KIB = 5 * 1024


def bomb(wbits: int) -> bytes:
    """10 GiB of zeros, packed into some 10 MB: one packed piece, again and again."""
    packer = zlib.compressobj(9, zlib.DEFLATED, wbits)
    zeros = bytes(_FLUSHED_BYTES)
    head = packer.compress(zeros) + packer.flush(zlib.Z_FULL_FLUSH)
    piece = packer.compress(zeros) + packer.flush(zlib.Z_FULL_FLUSH)
    return head + piece * (CONTENT_BYTES // _FLUSHED_BYTES)


PACKED = {"gzip": bomb(31), "deflate": bomb(15)}


def memory_kib(pid: int) -> int:
    """The most that a process has had resident."""
    return int(Path(f"/proc/{pid}/status").read_text().partition("VmHWM:")[2].split()[0])


@pytest.mark.parametrize(("coding", "status"), [("gzip", 200), ("deflate", 500)])
def test_a_daemon_whose_target_and_sink_answer_with_a_bomb_stays_small(
    tmp_path: Path, coding: str, status: int
) -> None:
    def answer(connection: socket.socket, request: Request) -> None:
        reply(status, PACKED[coding], headers=[f"Content-Encoding: {coding}"])(connection, request)

    asked = {"http": {"path": "/metrics", "when": "trigger", "max_bytes": "1MiB"}}
    with looping() as child, scripted(answer) as server:
        address = server.url.removeprefix("http://")
        one = target("one", child.pid, address=address, collectors=["pyspy", "pprof", asked])
        sinks = [{"file": {"path": str(tmp_path / "reports")}}, {"http": {"url": f"{server.url}/{{id}}"}}]
        with daemon(tmp_path, one, sinks=sinks) as cam:
            cam.finds("one")
            until(lambda: cam.target("one")["capture_possible"], "it was tried whether a capture is possible")
            before_kib = memory_kib(cam.process.pid)
            cam.beat("start", "one", 1)
            cam.stored(1)
            until(lambda: {one.method for one in server.requests} > {"GET"}, "the sink was asked")
            assert memory_kib(cam.process.pid) - before_kib < GROWN_KIB
            asked_for = [one.headers.get("accept-encoding", "identity") for one in server.requests]
            assert set(asked_for) == {"identity"}


def test_a_profile_that_is_a_bomb_is_given_up_at_the_bound(tmp_path: Path) -> None:
    file = tmp_path / "cpu.pb.gz"
    file.write_bytes(PACKED["gzip"])
    with pytest.raises(ValueError, match="larger than"):
        profiles.read(file)
