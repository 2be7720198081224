"""The faults that loopcam must survive. Tests say which they prove: `@pytest.mark.fault("S1")`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """A fault, what passes, and what stands in where it cannot be injected in full."""

    what: str
    passes: str
    instead: str = ""


ROWS = {
    "T1": Row("50 threads, 60 deep, and larger", "the target keeps 95 %, no stall above 50 ms"),
    "T2": Row("the profiler is stopped, frozen or throttled", "the target never stops"),
    "T3": Row("the daemon is killed in a capture", "target runs in 100 ms, sampler gone in 1 s"),
    "T4": Row("the daemon runs out of memory in a capture", "as T3; reports are whole"),
    "T5": Row("the target execs, exits, is killed, forks", "closed in 1 s, and kept"),
    "T6": Row("the target's number is reused", "no other process's profile in a report"),
    "T7": Row("the target is stopped or frozen", "named in 2 s, left as it is"),
    "T8": Row("another tracer holds the target", "refused or captured in 2 s"),
    "T9": Row("the target is no CPython", "unsupported, in 1 s"),
    "T10": Row("the profiler loops, never ends, writes too much", "ended at window + 2 s; bounded"),
    "T11": Row("1,000 threads; 1,000 frames", "16 MB of evidence, 64 MiB of memory"),
    "T12": Row("every iteration overruns", "captures as allowed; the rest counted"),
    "D1": Row("the wall clock jumps", "no false overrun, none missed"),
    "D2": Row("the daemon is paused", "nobody is blamed"),
    "D3": Row("all cores are taken", "overruns found and captured"),
    "D4": Row("heartbeats lost, doubled, reordered, late", "one trigger an overrun"),
    "D5": Row("heartbeats stop: stuck, or dead", "told apart"),
    "D6": Row("a flood of heartbeats", "others are heard; memory bounded"),
    "D7": Row("the daemon restarts in an iteration", "no false overrun"),
    "D8": Row("an overrun shorter than the first look", "told, with what there is"),
    "L1": Row("a log is renamed, its writer keeps it", "0 lines lost, 0 doubled"),
    "L2": Row("a log is copied and cut", "0 doubled; a possible loss is told"),
    "L3": Row("a log is cut and grows beyond", "read from its start"),
    "L4": Row("a new log has the old one's inode", "never read from the old place"),
    "L5": Row("rotated twice between looks, or while down", "read in order, or a gap is told"),
    "L6": Row("a chain of links moves", "followed within 1 s"),
    "L7": Row("CRI parts, interleaved, without end, huge", "joined; bounded and counted"),
    "L8": Row("lines cut at any byte", "the same result as whole"),
    "L9": Row("the kept place is damaged", "every start succeeds"),
    "L10": Row("the daemon is killed while it follows", "0 iterations lost"),
    "L11": Row("the log is no readable file", "waited for at no cost"),
    "L12": Row("no inotify", "polled"),
    "L13": Row("a gigabyte behind", "no old line captures; 300 MB/s", "speed: `benchmarks log_tail`"),
    "S1": Row("killed at each step from capture to sink", "there once; lost 0"),
    "S2": Row("the power goes", "nothing lost that was acknowledged; every start succeeds"),
    "S3": Row("no space, or an error, at each write", "kept as far as possible; recovers"),
    "S4": Row("more reports than there is room for", "quota kept; a place for each target"),
    "S5": Row("a sink refuses, hangs, cuts, drips", "tried again, or dead and visible; 0 lost"),
    "S6": Row("one sink is down", "the others get it"),
    "S7": Row("1,000 reports wait", "drained, memory bounded"),
    "S8": Row("credentials run out", "the next try uses new ones"),
    "S9": Row("the network is gone", "tried again; captures go on"),
    "S10": Row("SIGTERM in a capture", "durable in 5 s, delivered, exit 0"),
    "S11": Row("the spool is damaged", "set aside; the others delivered"),
    "S12": Row("two daemons on one spool", "the second ends"),
    "S13": Row("a sink blocks", "detection is not late"),
    "S14": Row("no descriptors, no processes", "rests and recovers"),
    "S15": Row("many captures", "memory and descriptors as before"),
    "S16": Row("another version left the spool", "read, or set aside"),
}
