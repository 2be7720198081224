"""The rules for Go, each in one place. Most causes are written on the goroutine's stack."""

import re
from collections.abc import Callable
from typing import Final

from model.samples import Frame
from model.signals import Name
from model.verdict import Cause, Fact, FactKind
from report.places import Origin, frame_text, origin
from report.verdict import words
from report.verdict.finding import Finding, Rule
from report.verdict.go.features import GoFeatures
from report.verdict.go.locks import deadlock, holder
from report.verdict.go.patterns import Claim, Piece

_LEAST: Final = 0.3
_IDLE_CORES: Final = 0.5  # below, a wait is no mistake
_LIMITED: Final = re.compile(r"(?i)\b429\b|throttl|rate.?limit|too many requests|retry|back-?off")
_COLLECTS: Final = re.compile(r"runtime\.(?:gc|bgsweep|bgscavenge)\w*")
_CALLED_LEAST: Final = 0.5

_REMEDIES: Final = {
    Cause.DNS: "Look at the resolvers in /etc/resolv.conf, at `ndots`, and at the name server's latency.",
    Cause.TLS: "Look at the peer's TLS latency; keep connections open; make keys beforehand, and smaller ones.",
    Cause.CHILD_PROCESS: "Look at what that program does; give it a context with a deadline.",
    Cause.LOG_PIPE: "Look at who reads the program's output; write logs to a file or drop lines when nobody takes them.",
    Cause.BACKOFF: "Look at why the calls fail: quotas and 429s, client QPS and burst; bound the retries by a deadline.",
    Cause.NETWORK_WAIT: "Look at the peer's latency at that time; give the request a deadline well below the threshold.",
    Cause.LOCK_WAIT: "Look at the goroutine that holds the lock, and at what it does while it holds it.",
    Cause.DISK: "Look at that file system's latency; keep file access out of the loop.",
    Cause.SLEEP: "Look at what that function waits for; wait for an event with a deadline instead.",
    Cause.CHANNEL_WAIT: "Look at who should serve that channel; wait with a deadline.",
    Cause.SERIALISATION: "Look at the size of what is encoded or decoded; list less, or keep it decoded.",
    Cause.REGULAR_EXPRESSION: "Look at the expression and its input; compile it once, match less text.",
}


def _spoken(cause: Cause, doubt: str = "") -> Callable[[GoFeatures], Finding | None]:
    """A look at what stacks say of a cause."""

    def look(features: GoFeatures) -> Finding | None:
        claims = [each for each in features.claims if each.pattern.cause is cause]
        share = sum(each.piece.share for each in claims)
        if share < _LEAST:
            return None
        facts = [_fact(features, each) for each in claims[:3]]
        lines = features.said(_LIMITED) if cause is Cause.BACKOFF else []
        if lines:
            said = f"{len(lines)} log lines speak of limits or retries, the last: {lines[-1][:200]}"
            facts.append(Fact(kind=FactKind.LOG, text=said))
        if cause is Cause.LOCK_WAIT:
            facts += holder(features, claims[0].piece)
        waits = not claims[0].piece.running
        idle = features.cores is not None and features.cores < _IDLE_CORES
        agrees = idle or claims[0].piece.minutes > 0 or bool(lines)
        return Finding(
            cause=cause,
            score=min(1.0, share),
            sentence=_sentence(features, claims, share),
            facts=tuple(facts),
            frames=claims[0].piece.frames[: claims[0].at + 1],
            remedy=_REMEDIES[cause],
            certain=features.looks > 1 and (agrees if waits else not idle),
            doubt=doubt,
        )

    return look


def _sentence(features: GoFeatures, claims: list[Claim], share: float) -> str:
    first = claims[0]
    where = words.by(first.piece.frames, first.at)
    minutes = max(each.piece.minutes for each in claims)
    lasting = f"; Go says that it waits for {minutes} minutes already" if minutes else ""
    if not features.looks:
        return f"{words.percent(share)} of the CPU time went into {first.pattern.what}{where}."
    return f"{_looks(features, share)} the loop's goroutine was in {first.pattern.what}{where}{lasting}."


def _looks(features: GoFeatures, share: float) -> str:
    many = "1 look" if features.looks == 1 else f"{features.looks} looks"
    return f"In {words.percent(share)} of {many} within {features.seen_s:.3g} s"


def _fact(features: GoFeatures, each: Claim) -> Fact:
    piece = each.piece
    reason = piece.reason or "running"
    minutes = f", {piece.minutes} minutes" if piece.minutes else ""
    frame = piece.frames[each.at]
    text = f"{words.percent(piece.share)} in {frame.function} ({reason}{minutes}){words.by(piece.frames, each.at)}."
    return _stack(text, piece)


def _stack(text: str, piece: Piece) -> Fact:
    return Fact(
        kind=FactKind.STACK,
        text=text,
        share=round(piece.share, 4),
        thread=f"goroutine {piece.goroutine}" if piece.goroutine else "CPU",
        frames=tuple(map(frame_text, piece.frames)),
    )


def _look_for_own_code(features: GoFeatures) -> Finding | None:
    running = [piece for piece in features.rest if piece.running]
    share = sum(piece.share for piece in running)
    if share < _LEAST:
        return None
    places: dict[Frame, float] = {}
    for piece in running:
        frame = words.caller(piece.frames) or piece.leaf
        key = Frame(frame.function, frame.file, 0)
        places[key] = places.get(key, 0.0) + piece.share
    best = max(places, key=lambda each: places[each])
    piece = max((one for one in running if _is_of(one, best)), key=lambda one: one.share, default=running[0])
    frame = words.caller(piece.frames) or piece.leaf
    whose = "package code" if origin(frame.file) is Origin.PACKAGE else "own code"
    on = _looks(features, share) if features.looks else f"For {words.percent(share)} of the CPU time"
    facts = [_stack(f"{words.percent(places[best])} in {words.called(frame)}.", piece)]
    if features.cores is not None:
        facts.append(_cores(features.cores))
    return Finding(
        cause=Cause.OWN_CODE,
        score=share * 0.95,
        sentence=f"Computing: {on[0].lower()}{on[1:]} it ran {whose}, most of it {words.called(frame)}.",
        facts=tuple(facts),
        frames=piece.frames[: piece.frames.index(frame) + 1] if frame in piece.frames else piece.frames,
        remedy="Look at what that function was given: input that grew, a loop over all pairs, a missed cache.",
        certain=features.cores is not None and features.cores >= _IDLE_CORES,
    )


def _is_of(piece: Piece, best: Frame) -> bool:
    frame = words.caller(piece.frames) or piece.leaf
    return (frame.function, frame.file) == (best.function, best.file)


def _cores(cores: float) -> Fact:
    text = f"The program kept {cores:.2g} cores busy, as its CPU profiles say."
    return Fact(kind=FactKind.STACK, text=text, value=round(cores, 3), unit="cores")


def _look_for_collection(features: GoFeatures) -> Finding | None:
    """The collector takes CPU in goroutines of its own, and makes the loop's assist."""
    collecting = {
        frames: share
        for frames, share in features.cpu.items()
        if any(_COLLECTS.match(f.function) for f in frames)
    }
    share = sum(collecting.values())
    assists = sum(piece.share for piece in features.pieces if "GC" in piece.reason)
    score = max(share, assists)
    if score < _LEAST or (features.cores or 0.0) < _IDLE_CORES:
        return None
    owners = [piece for piece in features.pieces if piece.running or "GC" in piece.reason]
    frames = max(owners, key=lambda one: one.share).frames if owners else ()
    where = words.by(frames) if frames else ""
    facts = [
        Fact(
            kind=FactKind.STACK,
            text=f"{words.percent(share)} of the CPU time is the collector's.",
            share=share,
        )
    ]
    if assists:
        text = f"In {words.percent(assists)} of the looks the loop's goroutine worked for the collector."
        facts.append(Fact(kind=FactKind.STACK, text=text, share=assists))
    return Finding(
        cause=Cause.GARBAGE_COLLECTION,
        score=min(1.0, 0.45 + score),  # what is computed beside it is what makes the garbage
        sentence=f"The garbage collector took {words.percent(share)} of the CPU time; garbage was made{where}.",
        facts=(*facts, _cores(features.cores or 0.0)),
        frames=_own(frames),
        remedy="Look at what allocates so much (the heap profile), and at GOGC and GOMEMLIMIT against the limit.",
        certain=share >= _LEAST,
    )


def _own(frames: tuple[Frame, ...]) -> tuple[Frame, ...]:
    frame = words.caller(frames)
    return frames[: frames.index(frame) + 1] if frame else ()


def _machine(name: Name, cause: Cause, what: str, remedy: str) -> Callable[[GoFeatures], Finding | None]:
    def look(features: GoFeatures) -> Finding | None:
        share = min(1.0, features.mean(name) or 0.0)
        if share < _LEAST:
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


RULES: Final = {
    "go_own_code": Rule(
        Cause.OWN_CODE,
        "The loop's goroutine runs, in functions that no other rule knows; a CPU profile agrees.",
        _look_for_own_code,
    ),
    "go_garbage_collection": Rule(
        Cause.GARBAGE_COLLECTION,
        "A third of the CPU time or more in `runtime.gc...` (mark workers, assists), or the loop's goroutine assists.",
        _look_for_collection,
    ),
    "go_deadlock": Rule(
        Cause.DEADLOCK,
        "In all looks the loop's goroutine waits for one lock and another goroutine for another one, and neither moves.",
        deadlock,
    ),
    "go_lock_wait": Rule(
        Cause.LOCK_WAIT,
        "The loop's goroutine waits in `sync.Mutex` or `sync.RWMutex`; who may hold it is named as far as stacks tell.",
        _spoken(Cause.LOCK_WAIT),
    ),
    "go_network_wait": Rule(
        Cause.NETWORK_WAIT,
        "It waits in net/http, HTTP/2, gRPC, a database client, or for a socket (`IO wait`, `select`); a connection "
        "that is dialled by another goroutine is followed.",
        _spoken(Cause.NETWORK_WAIT),
    ),
    "go_dns": Rule(
        Cause.DNS, "It, or the goroutine that dials for it, is in `net.(*Resolver)`.", _spoken(Cause.DNS)
    ),
    "go_tls": Rule(
        Cause.TLS,
        "It, or the goroutine that dials for it, is in a handshake of crypto/tls; or it computes in crypto/rsa, ecdsa, x509.",
        _spoken(Cause.TLS),
    ),
    "go_backoff": Rule(
        Cause.BACKOFF,
        "It sleeps or waits for a timer in `wait.Backoff`, client-go's flow control, `rate.Limiter`, or in a function named after "
        "retries, back-off, throttling or rate limits. Log lines with 429 or retries make it certain.",
        _spoken(Cause.BACKOFF),
    ),
    "go_sleep": Rule(Cause.SLEEP, "It is in `time.Sleep` with no retry on the stack.", _spoken(Cause.SLEEP)),
    "go_disk": Rule(
        Cause.DISK,
        "It is in a system call (`syscall`) of os.File, open, read, write or fsync. Go does not tell a slow disk from a pipe: "
        "never with high confidence.",
        _spoken(Cause.DISK, doubt="a file may be a pipe or a device"),
    ),
    "go_child_process": Rule(
        Cause.CHILD_PROCESS,
        "It is in `os/exec.(*Cmd).Wait`, `Run`, `Output` or `os.(*Process).Wait`.",
        _spoken(Cause.CHILD_PROCESS),
    ),
    "go_serialisation": Rule(
        Cause.SERIALISATION,
        "It runs in encoding/json, xml, gob, YAML or protobuf, as its looks and the CPU profile below the loop say.",
        _spoken(Cause.SERIALISATION),
    ),
    "go_regular_expression": Rule(
        Cause.REGULAR_EXPRESSION, "It runs in regexp.", _spoken(Cause.REGULAR_EXPRESSION)
    ),
    "go_channel_wait": Rule(
        Cause.CHANNEL_WAIT,
        "It waits for a channel, a `select`, a WaitGroup or a Cond that nobody serves, and goroutines that it started tell nothing else.",
        _spoken(Cause.CHANNEL_WAIT),
    ),
    "go_log_pipe": Rule(
        Cause.LOG_PIPE,
        "It is in a write of a logger (log, slog, klog, zap, logrus) that does not return.",
        _spoken(Cause.LOG_PIPE),
    ),
    "go_cpu_throttled": Rule(
        Cause.CPU_THROTTLED,
        "Its control group was throttled for a third of the time or more (signals, where the process is within reach).",
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
