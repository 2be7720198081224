"""The rules for Go, each in one place; what each has to see is what the documentation says."""

from collections.abc import Callable, Mapping
from typing import Final

from model.signals import Name
from model.verdict import Cause, Fact, FactKind
from report.verdict import words
from report.verdict.finding import Finding, Rule
from report.verdict.go.computing import collection, own_code
from report.verdict.go.features import GoFeatures
from report.verdict.go.locks import deadlock
from report.verdict.go.spoken import LEAST, spoken


def _machine(name: Name, cause: Cause, what: str, remedy: str) -> Callable[[GoFeatures], Finding | None]:
    def look(features: GoFeatures) -> Finding | None:
        share = min(1.0, features.mean(name) or 0.0)
        if share < LEAST:
            return None
        text = f"{what} {words.percent(share)} of the time."
        fact = Fact(kind=FactKind.SIGNAL, text=text, value=round(share, 4), unit="share", signal=name)
        return Finding(
            cause=cause,
            score=min(1.0, share * 1.05),
            sentence=text,
            facts=(fact,),
            remedy=remedy,
            certain=True,
        )

    return look


RULES: Final[Mapping[str, Rule[GoFeatures]]] = {
    "go_own_code": Rule(
        Cause.OWN_CODE,
        "The loop's goroutine runs, in functions that no other rule knows; a CPU profile agrees.",
        own_code,
    ),
    "go_garbage_collection": Rule(
        Cause.GARBAGE_COLLECTION,
        "Two fifths of the CPU time or more in `runtime.gc...` and in allocating, a tenth at least in the "
        "collector; or the loop's goroutine assists it.",
        collection,
    ),
    "go_deadlock": Rule(
        Cause.DEADLOCK,
        "In all looks the loop's goroutine waits for one lock and another goroutine for another one, "
        "and neither moves.",
        deadlock,
    ),
    "go_lock_wait": Rule(
        Cause.LOCK_WAIT,
        "The loop's goroutine waits in `sync.Mutex` or `sync.RWMutex`; who may hold it is named as far as "
        "stacks tell.",
        spoken(Cause.LOCK_WAIT),
    ),
    "go_network_wait": Rule(
        Cause.NETWORK_WAIT,
        "It waits in net/http, HTTP/2, gRPC, a database client, or for a socket (`IO wait`, `select`); a "
        "goroutine that dials for it, or works for it, is followed.",
        spoken(Cause.NETWORK_WAIT),
    ),
    "go_dns": Rule(
        Cause.DNS, "It, or the goroutine that dials for it, is in `net.(*Resolver)`.", spoken(Cause.DNS)
    ),
    "go_tls": Rule(
        Cause.TLS,
        "It, or the goroutine that dials for it, is in a handshake of crypto/tls; or it computes in "
        "crypto/rsa, ecdsa, x509.",
        spoken(Cause.TLS),
    ),
    "go_backoff": Rule(
        Cause.BACKOFF,
        "It sleeps or waits for a timer in `wait.Backoff`, client-go's flow control, `rate.Limiter`, or in a "
        "function named after retries, back-off, throttling or rate limits. Log lines with 429 or retries "
        "make it certain.",
        spoken(Cause.BACKOFF),
    ),
    "go_sleep": Rule(Cause.SLEEP, "It is in `time.Sleep` with no retry on the stack.", spoken(Cause.SLEEP)),
    "go_disk": Rule(
        Cause.DISK,
        "It is in a system call (`syscall`) of os.File, open, read, write or fsync. Go does not tell a slow "
        "disk from a pipe: never with high confidence.",
        spoken(Cause.DISK, doubt="a file may be a pipe or a device"),
    ),
    "go_child_process": Rule(
        Cause.CHILD_PROCESS,
        "It is in `os/exec.(*Cmd).Wait`, `Run`, `Output` or `os.(*Process).Wait`.",
        spoken(Cause.CHILD_PROCESS),
    ),
    "go_serialisation": Rule(
        Cause.SERIALISATION,
        "It runs in encoding/json, xml, gob, YAML or protobuf, as looks and the CPU profile say.",
        spoken(Cause.SERIALISATION),
    ),
    "go_regular_expression": Rule(
        Cause.REGULAR_EXPRESSION, "It runs in regexp.", spoken(Cause.REGULAR_EXPRESSION)
    ),
    "go_channel_wait": Rule(
        Cause.CHANNEL_WAIT,
        "It waits for a channel, a `select`, a WaitGroup or a Cond that nobody serves, and goroutines that "
        "it started tell nothing else.",
        spoken(Cause.CHANNEL_WAIT),
    ),
    "go_log_pipe": Rule(
        Cause.LOG_PIPE,
        "It is in a write of a logger (log, slog, klog, zap, logrus) that does not return.",
        spoken(Cause.LOG_PIPE),
    ),
    "go_cpu_throttled": Rule(
        Cause.CPU_THROTTLED,
        "Its control group was throttled for a third of the time or more (signals, where the process is "
        "within reach).",
        _machine(
            Name.CGROUP_THROTTLED,
            Cause.CPU_THROTTLED,
            "Its control group was throttled",
            "Raise the container's CPU limit, or set GOMAXPROCS to it.",
        ),
    ),
    "go_cpu_starved": Rule(
        Cause.CPU_STARVED,
        "It was ready to run and waited for a CPU for a third of the time or more (signals).",
        _machine(
            Name.RUN_QUEUE,
            Cause.CPU_STARVED,
            "It was ready to run, and waited for a CPU,",
            "Look at what else runs on this machine; raise the container's CPU request.",
        ),
    ),
}
