"""Who asks over a Unix socket, as the kernel says."""

import socket
import struct

from aiohttp import web

from daemon.sources.heartbeat.peers import Peer
from daemon.web.connection import arrival_s

_SO_PEERPIDFD = 77  # Linux 6.5; Python has no name for it yet
_CREDENTIALS = struct.Struct("=iII")


def credentials(sock: socket.socket) -> tuple[int, int]:
    """Pid and user of the process that connected; pid 0 when it is in a namespace that we do not see."""
    pid, uid, _ = _CREDENTIALS.unpack(
        sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    )
    return pid, uid


def requester(request: web.BaseRequest) -> tuple[int, int]:
    """Pid and user of the process behind a request."""
    return credentials(_socket(request))


def unix_peer(request: web.Request) -> Peer:
    """The process behind a request."""
    sock = _socket(request)
    return Peer(*credentials(sock), arrival_s(request), lambda: _pidfd(sock))


def _socket(request: web.BaseRequest) -> socket.socket:
    if request.transport is None:
        raise ConnectionResetError("the requester is gone")
    found: socket.socket = request.transport.get_extra_info("socket")
    return found


def _pidfd(sock: socket.socket) -> int | None:
    try:
        return sock.getsockopt(socket.SOL_SOCKET, _SO_PEERPIDFD)
    except OSError:  # an older kernel, or the process is gone: its age must do
        return None
