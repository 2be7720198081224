"""Verdicts on Go programs from words of goroutines: what each rule must see, and what is near to it."""

from pathlib import Path

import pytest

from model.verdict import Cause, Confidence, Verdict
from report.evidence import goroutines
from report.render import render
from tests.unit.report.drawings import HOSTILE
from tests.unit.report.goreports import Answer, make_go_report, recorded

LOOP = (("main.(*scaler).RunOnce", "/src/scaler/loop.go"), ("main.main", "/src/scaler/main.go"))
MUTEX = ("internal/sync.(*Mutex).lockSlow(0xc00012a008)", "/usr/local/go/src/internal/sync/mutex.go")
OTHER = ("internal/sync.(*Mutex).lockSlow(0xc00077b010)", "/usr/local/go/src/internal/sync/mutex.go")
LIST = ("main.(*scaler).listGroups", "/src/scaler/cloud.go")
GO = "/usr/local/go/src"
PKG = "/root/go/pkg/mod"

Frames = tuple[tuple[str, str], ...]  # the innermost first


def goroutine(number: int, reason: str, *frames: tuple[str, str], creator: str = "", by: int = 0) -> str:
    """A goroutine as Go writes it."""
    lines = [f"goroutine {number} [{reason}]:"]
    for function, file in frames:
        lines += [function if function.endswith(")") else f"{function}(...)", f"\t{file}:12 +0x1d"]
    if creator:
        lines += [f"created by {creator} in goroutine {by}", "\t/src/scaler/loop.go:9 +0x5"]
    return "\n".join(lines) + "\n"


def loop(reason: str, *inner: tuple[str, str]) -> str:
    return goroutine(1, reason, *inner, *LOOP)


def judged(folder: Path, *written: str, looks: int = 3, cpu: str = "") -> Verdict:
    """The verdict on equal looks at these goroutines."""
    text = "\n".join(written).encode()
    answers: list[Answer] = [
        ("goroutine_dump", f"pprof-goroutines-{at:03}.txt", at * 2.0, at * 2.0 + 0.01, text)
        for at in range(looks)
    ]
    answers += [each for each in recorded(cpu) if each[0] == "cpu"] if cpu else []
    verdict = render(make_go_report(folder, answers)).verdict
    assert verdict is not None
    return verdict


SCENES: dict[str, tuple[Cause, str, Frames]] = {
    "http": (
        Cause.NETWORK_WAIT,
        "select",
        (("net/http.(*persistConn).roundTrip", f"{GO}/net/http/transport.go"), LIST),
    ),
    "socket": (
        Cause.NETWORK_WAIT,
        "IO wait",
        (
            ("internal/poll.runtime_pollWait", f"{GO}/runtime/netpoll.go"),
            ("net.(*conn).Read", f"{GO}/net/net.go"),
            LIST,
        ),
    ),
    "grpc": (
        Cause.NETWORK_WAIT,
        "select",
        (
            (
                "google.golang.org/grpc/internal/transport.(*recvBufferReader).readClient",
                f"{PKG}/google.golang.org/grpc@v1.60.0/internal/transport/transport.go",
            ),
            LIST,
        ),
    ),
    "limiter": (
        Cause.BACKOFF,
        "select",
        (
            ("golang.org/x/time/rate.(*Limiter).wait", f"{PKG}/golang.org/x/time@v0.5.0/rate/rate.go"),
            (
                "k8s.io/client-go/util/flowcontrol.(*tokenBucketRateLimiter).Wait",
                f"{PKG}/k8s.io/client-go@v0.30.0/util/flowcontrol/throttle.go",
            ),
            LIST,
        ),
    ),
    "exponential": (
        Cause.BACKOFF,
        "sleep",
        (
            ("time.Sleep", f"{GO}/runtime/time.go"),
            (
                "k8s.io/apimachinery/pkg/util/wait.ExponentialBackoff",
                f"{PKG}/k8s.io/apimachinery@v0.30.0/pkg/util/wait/backoff.go",
            ),
            LIST,
        ),
    ),
    "own retry": (
        Cause.BACKOFF,
        "sleep",
        (("time.Sleep", f"{GO}/runtime/time.go"), ("main.(*scaler).retryThrottled", "/src/scaler/cloud.go")),
    ),
    "sleep": (Cause.SLEEP, "sleep", (("time.Sleep", f"{GO}/runtime/time.go"), LIST)),
    "resolver": (
        Cause.DNS,
        "select",
        (
            ("net.(*Resolver).lookupIPAddr", f"{GO}/net/lookup.go"),
            ("net.(*Dialer).DialContext", f"{GO}/net/dial.go"),
            LIST,
        ),
    ),
    "handshake": (
        Cause.TLS,
        "IO wait",
        (
            ("net.(*conn).Read", f"{GO}/net/net.go"),
            ("crypto/tls.(*Conn).handshakeContext", f"{GO}/crypto/tls/conn.go"),
            LIST,
        ),
    ),
    "tls read": (
        Cause.NETWORK_WAIT,
        "IO wait",
        (
            ("net.(*conn).Read", f"{GO}/net/net.go"),
            ("crypto/tls.(*Conn).Read", f"{GO}/crypto/tls/conn.go"),
            LIST,
        ),
    ),
    "fsync": (
        Cause.DISK,
        "syscall",
        (
            ("syscall.Fsync", f"{GO}/syscall/zsyscall_linux_amd64.go"),
            ("os.(*File).Sync", f"{GO}/os/file_posix.go"),
            LIST,
        ),
    ),
    "child": (
        Cause.CHILD_PROCESS,
        "syscall",
        (
            ("syscall.Wait4", f"{GO}/syscall/syscall_linux.go"),
            ("os.(*Process).wait", f"{GO}/os/exec_unix.go"),
            ("os/exec.(*Cmd).Wait", f"{GO}/os/exec/exec.go"),
            LIST,
        ),
    ),
    "log": (
        Cause.LOG_PIPE,
        "syscall",
        (
            ("syscall.write", f"{GO}/syscall/zsyscall_linux_amd64.go"),
            ("os.(*File).Write", f"{GO}/os/file.go"),
            ("k8s.io/klog/v2.(*loggingT).output", f"{PKG}/k8s.io/klog/v2@v2.120.1/klog.go"),
            LIST,
        ),
    ),
    "mutex": (Cause.LOCK_WAIT, "sync.Mutex.Lock, 3 minutes", (MUTEX, LIST)),
    "old mutex": (Cause.LOCK_WAIT, "semacquire", (("sync.(*Mutex).Lock", f"{GO}/sync/mutex.go"), LIST)),
    "channel": (Cause.CHANNEL_WAIT, "chan receive", (LIST,)),
    "group": (
        Cause.CHANNEL_WAIT,
        "sync.WaitGroup.Wait",
        (("sync.(*WaitGroup).Wait", f"{GO}/sync/waitgroup.go"), LIST),
    ),
    "json": (
        Cause.SERIALISATION,
        "running",
        (("encoding/json.(*encodeState).marshal", f"{GO}/encoding/json/encode.go"), LIST),
    ),
    "regexp": (
        Cause.REGULAR_EXPRESSION,
        "runnable",
        (("regexp.(*Regexp).backtrack", f"{GO}/regexp/backtrack.go"), LIST),
    ),
    "runtime": (Cause.OWN_CODE, "semacquire", (LIST,)),
    "own": (Cause.OWN_CODE, "running", (("main.pack", "/src/scaler/pack.go"), LIST)),
}


@pytest.mark.parametrize(("cause", "reason", "inner"), SCENES.values(), ids=SCENES)
def test_a_cause_is_told_by_its_stack(tmp_path: Path, cause: Cause, reason: str, inner: Frames) -> None:
    verdict = judged(tmp_path, loop(reason, *inner))
    assert verdict.cause is cause, verdict.sentence
    assert "scaler/" in verdict.sentence
    assert verdict.remedy
    assert verdict.facts[0].frames


def test_minutes_and_an_idle_cpu_make_it_certain_a_single_look_does_not(tmp_path: Path) -> None:
    lock = loop("sync.Mutex.Lock, 3 minutes", MUTEX, LIST)
    sure = judged(tmp_path / "1", lock)
    assert sure.confidence is Confidence.HIGH
    assert "3 minutes" in sure.sentence
    assert judged(tmp_path / "2", loop("sync.Mutex.Lock", MUTEX, LIST)).confidence is Confidence.MEDIUM
    assert judged(tmp_path / "3", lock, looks=1).confidence is not Confidence.HIGH


def test_a_file_is_never_named_with_high_confidence(tmp_path: Path) -> None:
    verdict = judged(tmp_path, loop("syscall, 9 minutes", *SCENES["fsync"][2]))
    assert verdict.confidence is Confidence.MEDIUM


def test_two_that_wait_for_different_locks_are_a_deadlock_for_the_same_they_are_not(tmp_path: Path) -> None:
    mine = loop("sync.Mutex.Lock, 2 minutes", MUTEX, LIST)
    worker = ("main.(*scaler).drain", "/src/scaler/drain.go")
    crossed = judged(tmp_path / "1", mine, goroutine(9, "sync.Mutex.Lock, 2 minutes", OTHER, worker))
    assert (crossed.cause, crossed.confidence) == (Cause.DEADLOCK, Confidence.HIGH)
    assert "main.(*scaler).drain" in crossed.sentence
    queued = judged(tmp_path / "2", mine, goroutine(9, "sync.Mutex.Lock, 2 minutes", MUTEX, worker))
    assert queued.cause is Cause.LOCK_WAIT


def test_who_may_hold_the_lock_is_named(tmp_path: Path) -> None:
    holding = goroutine(
        9, "chan receive", ("main.(*scaler).refresh", "/src/scaler/cache.go"), creator="main.main", by=1
    )
    resting = goroutine(10, "select", ("other.Watch", "/src/other/watch.go"))
    verdict = judged(tmp_path, loop("sync.Mutex.Lock", MUTEX, LIST), holding, resting)
    told = [fact.text for fact in verdict.facts if "may hold it" in fact.text]
    assert len(told) == 1
    assert "main.(*scaler).refresh" in told[0]


def test_the_goroutine_that_dials_is_followed(tmp_path: Path) -> None:
    waits = loop("select", ("net/http.(*Transport).getConn", f"{GO}/net/http/transport.go"), LIST)
    dials = goroutine(
        7,
        "select",
        ("net.(*Resolver).lookupIPAddr", f"{GO}/net/lookup.go"),
        ("net/http.(*Transport).dialConn", f"{GO}/net/http/transport.go"),
    )
    verdict = judged(tmp_path / "1", waits, dials)
    assert verdict.cause is Cause.DNS
    assert "main.(*scaler).listGroups" in verdict.sentence
    assert judged(tmp_path / "2", waits).cause is Cause.NETWORK_WAIT


def test_goroutines_that_the_loops_functions_started_are_followed_and_no_others(tmp_path: Path) -> None:
    waits = loop("sync.WaitGroup.Wait", ("sync.(*WaitGroup).Wait", f"{GO}/sync/waitgroup.go"), LIST)
    sleeps = (("time.Sleep", f"{GO}/runtime/time.go"), ("main.poll", "/src/scaler/poll.go"))
    worker = goroutine(8, "sleep", *sleeps, creator=LIST[0], by=1)
    server = goroutine(9, "sleep", *sleeps, creator="main.main", by=1)
    assert judged(tmp_path / "1", waits, worker).cause is Cause.SLEEP
    assert judged(tmp_path / "2", waits, server).cause is Cause.CHANNEL_WAIT


def test_a_name_alone_decides_nothing(tmp_path: Path) -> None:
    """The loop's goroutine computes, while others do what rules look for."""
    other = [
        goroutine(20 + at, reason, *inner)
        for at, (_, reason, inner) in enumerate(SCENES.values())
        if reason not in ("running", "runnable")
    ]
    verdict = judged(tmp_path, loop("running", ("main.pack", "/src/scaler/pack.go"), LIST), *other)
    assert verdict.cause is Cause.OWN_CODE


def test_without_a_known_loop_it_is_a_guess(tmp_path: Path) -> None:
    verdict = judged(
        tmp_path,
        goroutine(1, "chan receive, 5 minutes", ("main.wait", "/src/x.go"), ("main.main", "/src/x.go")),
    )
    assert verdict.confidence is Confidence.MEDIUM
    assert verdict.sentence.startswith("In 100% of 3 looks within 4.1 s goroutine 1 was waiting")


def test_signatures_do_not_know_lines_numbers_and_addresses(tmp_path: Path) -> None:
    text = loop("sync.Mutex.Lock", MUTEX, LIST)
    again = (
        text.replace(":12 ", ":99 ")
        .replace("c00012a008", "c00099a018")
        .replace("goroutine 1 ", "goroutine 5 ")
    )
    first, second = judged(tmp_path / "1", text), judged(tmp_path / "2", again)
    assert first.signature == second.signature != ""
    assert (
        judged(tmp_path / "3", loop("sync.Mutex.Lock", MUTEX, ("main.other", "/src/o.go"))).signature
        != first.signature
    )


def test_hostile_words_do_no_harm(tmp_path: Path) -> None:
    names = [(name, name) for name in HOSTILE]
    verdict = judged(tmp_path, loop("select", *names), "goroutine 9 [\0]:\nx\n\t:1")
    assert verdict.cause in set(Cause)


def test_the_address_of_a_lock_is_read() -> None:
    from io import BytesIO

    (one,) = goroutines.read(BytesIO(loop("sync.Mutex.Lock", MUTEX, LIST).encode()))
    assert one.lock == "0xc00012a008"
    (other,) = goroutines.read(BytesIO(loop("select", LIST).encode()))
    assert other.lock == ""
