"""What systemd is told of us (sd_notify): ready, how it goes, alive, reloading, stopping."""

import asyncio
import logging
import os
import socket
import time
from collections.abc import MutableMapping

_LOG = logging.getLogger(__name__)

LONGEST_STATUS = 240
_BEATS = 3  # within the time after which systemd takes us for hung
_VARIABLES = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")


class Notifier:
    """Datagrams to the socket of whoever started us. Without one, every call does nothing."""

    def __init__(self, address: str = "", watchdog_s: float = 0.0) -> None:
        """`watchdog_s`: after how long without a beat we are taken for hung; 0 where nobody looks."""
        self._address = address
        self._watchdog_s = watchdog_s
        self._status = ""  # the last that was told
        self._owes_ready = False
        self._deaf = False  # the last datagram did not get through
        self._socket: socket.socket | None = None
        self._beat: asyncio.TimerHandle | None = None

    @classmethod
    def taken(cls, environ: MutableMapping[str, str] = os.environ) -> "Notifier":
        """As the environment says, from which it is taken: no child of ours shall speak for us."""
        address, usec, pid = (environ.pop(name, "") for name in _VARIABLES)
        ours = pid in ("", str(os.getpid())) and usec.isdecimal()
        return cls(address, int(usec) / 1e6 if ours else 0.0)

    @property
    def heard(self) -> bool:
        """Whether anybody listens: else there is nothing to put into words."""
        return bool(self._address)

    def ready(self) -> None:
        """We hear and watch, and from now on show that our event loop turns."""
        self._owes_ready = not self._send("READY=1")
        if self._watchdog_s and self._address and self._beat is None:
            self._alive()

    def status(self, text: str) -> None:
        """How it goes, in a line of text; sent only when it has changed. A READY that got lost goes first."""
        if self._owes_ready:
            self._owes_ready = not self._send("READY=1")
        if text != self._status and self._send(f"STATUS={' '.join(text.split())[:LONGEST_STATUS]}"):
            self._status = text

    def reloading(self) -> None:
        """The configuration is being read again, until the next `ready`."""
        self._send(f"RELOADING=1\nMONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")

    def stopping(self, at_most_s: float) -> None:
        """We are about to end, which may take so long."""
        self._owes_ready = False
        self._send(f"STOPPING=1\nEXTEND_TIMEOUT_USEC={int(at_most_s * 1e6)}")
        self.status("stopping: captures end, reports are delivered")

    def close(self) -> None:
        """Nothing more is told."""
        if self._beat is not None:
            self._beat.cancel()
        if self._socket is not None:
            self._socket.close()
        self._address, self._socket = "", None

    def _alive(self) -> None:
        """From the event loop itself: when that hangs, this does not come."""
        self._send("WATCHDOG=1")
        self._beat = asyncio.get_running_loop().call_later(self._watchdog_s / _BEATS, self._alive)

    def _send(self, text: str) -> bool:
        """Whether it got through. Nothing is waited for: a systemd that does not read must not stop us."""
        if not self._address:
            return False
        if self._socket is None:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
            self._socket.setblocking(False)
        address = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        try:
            self._socket.sendto(text.encode(errors="replace"), address)
        except OSError as error:  # the next one may get through
            if not self._deaf:  # told once, and not with every beat
                _LOG.warning("systemd not told", extra={"socket": self._address, "error": str(error)})
            self._deaf = True
        else:
            self._deaf = False
        return not self._deaf
