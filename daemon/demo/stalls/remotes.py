"""Stalls that wait for another machine: here, sockets on loopback that nobody serves."""

import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from daemon.demo.stalls.contract import Setting


@contextmanager
def silent(seconds: float) -> Iterator[int]:
    """A port where connections are taken by the kernel and then by nobody; it resets them in the end."""
    server = socket.create_server(("127.0.0.1", 0))
    end = threading.Timer(seconds, server.close)
    end.daemon = True
    end.start()
    try:
        yield server.getsockname()[1]
    finally:
        end.cancel()
        server.close()


def ask_provider(setting: Setting) -> None:
    """An HTTP request that is never answered, without a time-out."""
    with silent(setting.seconds) as port:
        list_instances(http.client.HTTPConnection("127.0.0.1", port))


def list_instances(connection: http.client.HTTPConnection) -> None:
    """Ask the cloud provider."""
    try:
        connection.request("GET", "/v1/instances")
        connection.getresponse().read()
    except OSError:  # the reset, or the time-out, that ends it
        connection.close()


def ask_patiently(setting: Setting) -> None:
    """The same with a time-out, which is long."""
    with silent(setting.seconds + 30) as port:
        list_instances(http.client.HTTPConnection("127.0.0.1", port, timeout=setting.seconds))


def reach_provider(setting: Setting) -> None:
    """A server whose queue of connections is full: connect does not come back."""
    with ExitStack() as sockets:
        server = sockets.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        address: tuple[str, int] = server.getsockname()
        for _ in range(4):  # one or two find a place, the others stay on the way
            waiting = sockets.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(address)
        list_instances(http.client.HTTPConnection(address[0], address[1], timeout=setting.seconds))
