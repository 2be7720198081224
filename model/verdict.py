"""The report's answer in words: where the time went, and the evidence for it."""

from enum import StrEnum

import msgspec


class Cause(StrEnum):
    """Why an iteration was slow: the fixed list."""

    OWN_CODE = "own_code"  # CPU-bound in the target's own code
    NATIVE_CODE = "native_code"  # CPU-bound in native code that holds the GIL
    GIL_CONTENTION = "gil_contention"
    LOCK_WAIT = "lock_wait"
    DEADLOCK = "deadlock"
    NETWORK_WAIT = "network_wait"  # a reply that does not come
    BACKOFF = "backoff"  # asleep before a retry: throttled by an API, most often
    SLEEP = "sleep"  # asleep on purpose, without a retry to be seen
    DNS = "dns"
    TLS = "tls"  # handshake, certificate or key generation
    DISK = "disk"
    CHILD_PROCESS = "child_process"
    GARBAGE_COLLECTION = "garbage_collection"
    CPU_THROTTLED = "cpu_throttled"  # by its control group's quota
    CPU_STARVED = "cpu_starved"  # runnable, while others had the CPU
    MEMORY_PRESSURE = "memory_pressure"
    STOPPED = "stopped"  # by a signal or a tracer, or frozen by its control group
    EVENT_LOOP_BLOCKED = "event_loop_blocked"  # asyncio's, by a synchronous call
    SERIALISATION = "serialisation"
    REGULAR_EXPRESSION = "regular_expression"
    LOG_PIPE = "log_pipe"  # logging blocked, as nobody reads the pipe
    CHANNEL_WAIT = "channel_wait"  # of goroutines: a channel or select that nobody serves
    UNKNOWN = "unknown"


class Confidence(StrEnum):
    """How sure the verdict is."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class FactKind(StrEnum):
    """Where a piece of evidence comes from."""

    STACK = "stack"
    SIGNAL = "signal"
    LOG = "log"
    HISTORY = "history"  # against healthy iterations


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """One piece of evidence. Times are monotonic seconds; None where it holds for the whole stall."""

    kind: FactKind
    text: str  # one sentence with its figures
    share: float | None = None  # of the stall's sampled time, 0 to 1
    value: float | None = None
    unit: str = ""
    signal: str = ""  # its name, of a signal
    thread: str = ""
    frames: tuple[str, ...] = ()  # root first, as `function (file:line)`
    started_s: float | None = None
    ended_s: float | None = None


class Suspect(msgspec.Struct, frozen=True, kw_only=True):
    """Another cause that the evidence leaves open."""

    cause: Cause
    sentence: str
    score: float  # 0 to 1


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """Why the iteration was slow, as far as the evidence tells; `unknown` is an answer."""

    cause: Cause
    confidence: Confidence
    sentence: str  # one or two, for a reader who has nothing else
    score: float  # 0 to 1
    facts: tuple[Fact, ...] = ()
    alternatives: tuple[Suspect, ...] = ()  # the likeliest first
    remedy: str = ""  # what to look at or try next
    signature: str = ""  # equal for equal stalls, here or across a fleet

    @property
    def further(self) -> tuple[Fact, ...]:
        """The facts that the sentence does not say already, word for word."""
        return tuple(fact for fact in self.facts if fact.text.rstrip(".") not in self.sentence)
