"""What the kernel's words mean."""

import pytest

from report.verdict.kernel import Wait, waits_for


@pytest.mark.parametrize(
    ("state", "wchan", "syscall", "expected"),
    [
        ("R", None, None, Wait.NONE),
        ("S", "hrtimer_nanosleep", 230, Wait.SLEEP),
        ("S", "futex_wait_queue", 202, Wait.LOCK),
        ("S", "futex_wait_queue_me", 202, Wait.LOCK),
        ("S", "wait_woken", 45, Wait.SOCKET),
        ("S", "unix_stream_read_generic", 45, Wait.SOCKET),
        ("S", "poll_schedule_timeout.constprop.0", 7, Wait.POLL),
        ("S", "ep_poll", 232, Wait.POLL),
        ("S", "pipe_read", 0, Wait.PIPE_READ),
        ("S", "anon_pipe_write", 1, Wait.PIPE_WRITE),
        ("S", "do_wait", 61, Wait.CHILD),
        ("S", "locks_lock_inode_wait", 73, Wait.FILE_LOCK),
        ("D", "folio_wait_bit_common", 74, Wait.DISK),
        ("D", "jbd2_log_wait_commit", 74, Wait.DISK),
        ("D", None, None, Wait.DISK),
        ("D", "hrtimer_nanosleep", 230, Wait.STOPPED),
        ("T", "do_signal_stop", None, Wait.STOPPED),
        ("t", "ptrace_stop", None, Wait.STOPPED),
        ("S", None, 230, Wait.SLEEP),
        ("S", "0", 202, Wait.LOCK),
        ("S", "0", None, Wait.UNKNOWN),
        ("S", "some_driver", None, Wait.OTHER),
    ],
)
def test_a_wait_is_told_by_its_function_or_its_call(
    state: str, wchan: str | None, syscall: int | None, expected: Wait
) -> None:
    assert waits_for(state, wchan, syscall) is expected
