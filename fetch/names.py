"""Looks names up in threads of its own: a name server that hangs holds up nobody else, nor our own end."""

import asyncio
import contextlib
import queue
import socket
import threading
from collections.abc import Callable

from aiohttp.abc import AbstractResolver, ResolveResult

MOST_THREADS = 16  # each may hang for as long as the system's own timeouts, half a minute and more

_Answer = list[tuple[str, int, socket.AddressFamily]]
_Key = tuple[str, int, int, int]  # name, port, family, flags
_Waiter = tuple[Callable[[], bool], Callable[[_Answer | OSError], None]]  # still there? the answer


class _Threads:
    """Threads that are made when there is more to do than they can, and that nobody waits for at exit.

    One looks for all who ask the same: a name that hangs takes one of them, however often it is asked for.
    """

    def __init__(self) -> None:
        self._work: queue.SimpleQueue[_Key] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._waiters: dict[_Key, list[_Waiter]] = {}
        self._made = 0

    def do(self, key: _Key, waiter: _Waiter) -> None:
        """Have it looked up as soon as one of them is free."""
        with self._lock:
            if (others := self._waiters.get(key)) is not None:
                self._waiters[key] = [*(other for other in others if other[0]()), waiter]
                return
            self._waiters[key] = [waiter]
            if len(self._waiters) > self._made and self._made < MOST_THREADS:
                threading.Thread(target=self._run, name=f"names-{self._made}", daemon=True).start()
                self._made += 1
        self._work.put(key)

    def _run(self) -> None:
        while True:
            key = self._work.get()
            with self._lock:
                if not any(there() for there, _ in self._waiters[key]):
                    del self._waiters[key]
                    continue
            found = _asked(*key)
            with self._lock:
                waiters = self._waiters.pop(key)
            for _, answer in waiters:
                answer(found)


_THREADS = _Threads()


async def look_up(host: str, port: int, family: int = socket.AF_UNSPEC, flags: int = 0) -> _Answer:
    """The addresses that a name leads to, each with its port and family; raises OSError.

    There is no deadline: whoever has one gives up waiting, and what nobody waits for is not begun.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[_Answer] = loop.create_future()

    def take(found: _Answer | OSError) -> None:
        if future.done():  # nobody waits any more
            return
        if isinstance(found, OSError):
            future.set_exception(found)
        else:
            future.set_result(found)

    def answer(found: _Answer | OSError) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(take, found)

    _THREADS.do((host, port, int(family), int(flags)), (lambda: not future.done(), answer))
    return await future


def _asked(host: str, port: int, family: int, flags: int) -> _Answer | OSError:
    try:
        found = socket.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM, flags=flags)
    except OSError as error:
        return error
    except (UnicodeError, ValueError) as error:  # a label that is too long, or empty
        return OSError(f"{host!r} is no name: {error}")
    return [(str(one[4][0]), port, one[0]) for one in found]


class Resolver(AbstractResolver):
    """The same for a client's connections."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses as aiohttp wants them; raises OSError."""
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=found,
                proto=0,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for address, port, found in await look_up(host, port, family, socket.AI_ADDRCONFIG)
        ]

    async def close(self) -> None:
        """There is nothing to close."""
