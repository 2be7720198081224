"""What the kernel says that a thread waits for: by the function it sleeps in, or the call it is in."""

import re
from enum import StrEnum
from typing import Final

from model.samples import State
from model.signals import ThreadReading


class Wait(StrEnum):
    """What a thread sleeps in, in the kernel's eyes."""

    NONE = "none"  # it does not sleep
    SLEEP = "sleep"
    LOCK = "lock"  # a futex: a lock, a condition, or the GIL
    SOCKET = "socket"
    POLL = "poll"  # any of several descriptors
    PIPE_READ = "pipe_read"
    PIPE_WRITE = "pipe_write"
    CHILD = "child"
    FILE_LOCK = "file_lock"
    DISK = "disk"
    STOPPED = "stopped"
    OTHER = "other"
    UNKNOWN = "unknown"


_BY_FUNCTION: Final = (
    (Wait.SLEEP, r"hrtimer_nanosleep|do_nanosleep|common_nsleep|clock_nanosleep"),
    (Wait.LOCK, r"futex"),
    (Wait.SOCKET, r"sk_wait|wait_woken|tcp_|inet_|udp_|unix_stream|unix_dgram|__skb_wait|skb_recv"),
    (Wait.POLL, r"poll_schedule|ep_poll|do_epoll|do_select|do_poll|do_sys_poll"),
    (Wait.PIPE_READ, r"pipe_read|pipe_wait_readable"),
    (Wait.PIPE_WRITE, r"pipe_write|pipe_wait_writable|n_tty_write|tty_write"),
    (Wait.CHILD, r"do_wait|kernel_wait|waitid"),
    (Wait.FILE_LOCK, r"locks_|flock_lock|fcntl_setlk|posix_lock"),
    (
        Wait.DISK,
        r"io_schedule|folio_wait|wait_on_page|wait_on_buffer|jbd2|blkdev|submit_bio|fsync|bit_wait_io|rq_qos"
        r"|fuse|nfs|rpc_wait|request_wait_answer|balance_dirty",
    ),
    (Wait.STOPPED, r"do_signal_stop|ptrace_stop|do_freezer_trap|refrigerator|cgroup_freez"),
)
_FUNCTIONS: Final = tuple((wait, re.compile(f"(?:_*){words}")) for wait, words in _BY_FUNCTION)

# Python lets the GIL go for these; and a thread in state D in one of them has been frozen there
LETS_GIL_GO: Final = frozenset(
    (Wait.SLEEP, Wait.LOCK, Wait.SOCKET, Wait.POLL, Wait.PIPE_READ, Wait.PIPE_WRITE, Wait.CHILD)
)

# x86-64's numbers: only used where the function is not told
_BY_SYSCALL: Final = {
    35: Wait.SLEEP,
    230: Wait.SLEEP,
    202: Wait.LOCK,
    45: Wait.SOCKET,
    47: Wait.SOCKET,
    44: Wait.SOCKET,
    42: Wait.SOCKET,
    43: Wait.SOCKET,
    288: Wait.SOCKET,
    7: Wait.POLL,
    23: Wait.POLL,
    232: Wait.POLL,
    270: Wait.POLL,
    271: Wait.POLL,
    281: Wait.POLL,
    61: Wait.CHILD,
    247: Wait.CHILD,
    73: Wait.FILE_LOCK,
    74: Wait.DISK,
    75: Wait.DISK,
}


def waits_for(state: str, wchan: str | None, syscall: int | None = None) -> Wait:
    """What a thread in this scheduler state, kernel function and call waits for."""
    if state in ("R", "Z", "X"):
        return Wait.NONE
    if state in ("T", "t"):
        return Wait.STOPPED
    if wchan not in (None, "", "0"):
        for wait, words in _FUNCTIONS:
            if words.search(wchan or ""):
                return Wait.STOPPED if state == "D" and wait in LETS_GIL_GO else wait
    if syscall in _BY_SYSCALL:
        return _BY_SYSCALL[syscall]
    if state == "D":
        return Wait.DISK
    return Wait.UNKNOWN if wchan in (None, "", "0") else Wait.OTHER


def of_reading(reading: ThreadReading) -> Wait:
    """What a thread waited for when it was read."""
    return waits_for(reading.state, reading.wchan, reading.syscall)


def of_state(state: State) -> Wait:
    """What the sample table alone tells."""
    if state in (State.RUNNING, State.RUNNING_GIL):
        return Wait.NONE
    return Wait.LOCK if state is State.WANTING_GIL else Wait.UNKNOWN
