"""A proxy before a real server, on loopback, that does to each connection what a network may do."""

import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Event, Thread

PATIENCE_S = 30.0
_PIECE_BYTES = 1 << 16
_RESET = b"\1\0\0\0\0\0\0\0"  # no lingering: closing sends a reset


@dataclass
class Way:
    """One connection: from a client to the server, and back."""

    client: socket.socket
    server: socket.socket
    over: Event = field(default_factory=Event)

    def carry(
        self, *, up_bytes: int | None = None, down_bytes: int | None = None, pace_s: float = 0.0
    ) -> None:
        """Carry bytes both ways until an end closes, or so many were carried; then close both."""
        there = Thread(target=self._pump, args=(self.client, self.server, up_bytes, pace_s), name="up")
        back = Thread(target=self._pump, args=(self.server, self.client, down_bytes, pace_s), name="down")
        for one in (there, back):
            one.start()
        self.over.wait(PATIENCE_S)
        self.close()
        for one in (there, back):
            one.join(PATIENCE_S)

    def reset(self) -> None:
        """End it as a router that forgot it does."""
        self.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.close()

    def close(self) -> None:
        """Both ends."""
        self.over.set()
        for one in (self.client, self.server):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _pump(self, source: socket.socket, to: socket.socket, most_bytes: int | None, pace_s: float) -> None:
        left = most_bytes
        with suppress(OSError):
            while left is None or left > 0:
                piece = source.recv(
                    1 if pace_s else _PIECE_BYTES if left is None else min(left, _PIECE_BYTES)
                )
                if not piece:
                    break
                to.sendall(piece)
                left = None if left is None else left - len(piece)
                time.sleep(pace_s)
        self.over.set()


Fault = Callable[[Way], None]


def through(way: Way) -> None:
    """Nothing goes wrong."""
    way.carry()


def delayed(seconds: float) -> Fault:
    """Every connection waits first."""

    def fault(way: Way) -> None:
        time.sleep(seconds)
        way.carry()

    return fault


def cut_going(after_bytes: int) -> Fault:
    """The request is cut in the middle of its body."""
    return lambda way: way.carry(up_bytes=after_bytes)


def cut_coming(after_bytes: int) -> Fault:
    """The server has it all and acts on it, but its answer is cut."""
    return lambda way: way.carry(down_bytes=after_bytes)


def dripping(way: Way) -> None:
    """A byte now and then, both ways."""
    way.carry(pace_s=0.05)


def reset(way: Way) -> None:
    """A reset instead of anything."""
    way.reset()


def hole(way: Way) -> None:
    """What is sent goes nowhere, until the client has enough."""
    way.client.settimeout(PATIENCE_S)
    with suppress(OSError):
        while way.client.recv(_PIECE_BYTES):
            pass
    way.close()


@dataclass
class Proxy:
    """Where it listens, and what befalls each next connection; the last fault for ever."""

    url: str
    faults: list[Fault]
    connections: int = 0

    def next(self) -> Fault:
        """The fault of a new connection."""
        self.connections += 1
        return self.faults.pop(0) if len(self.faults) > 1 else self.faults[0]


@contextmanager
def proxied(server_url: str, faults: Sequence[Fault]) -> Iterator[Proxy]:
    """A proxy before a server; `proxy.faults` may be changed while it runs."""
    host, _, port = server_url.removeprefix("http://").partition(":")
    workers: list[Thread] = []

    def serve(client: socket.socket, fault: Fault) -> None:
        with suppress(OSError):
            fault(Way(client, socket.create_connection((host, int(port)), PATIENCE_S)))

    def accept() -> None:
        with suppress(OSError):  # closed by the test
            while True:
                client, _ = listener.accept()
                workers.append(Thread(target=serve, args=(client, proxy.next()), name="proxied"))
                workers[-1].start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        proxy = Proxy(f"http://127.0.0.1:{listener.getsockname()[1]}", list(faults))
        accepting = Thread(target=accept, name="proxy")
        accepting.start()
        try:
            yield proxy
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            for one in (accepting, *workers):
                one.join(PATIENCE_S)
