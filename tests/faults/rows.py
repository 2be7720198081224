"""The faults that loopcam must survive. Tests say which they prove: `@pytest.mark.fault("S1")`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """A fault, how it is made, what passes, and what stands in where it cannot be made in full."""

    what: str
    injected: str
    passes: str
    instead: str = ""


ROWS = {
    "T1": Row(
        "50 threads, 60 deep, and larger",
        "such a target, in a capture",
        "never stopped, a quarter of a core; the target keeps 95 %, no stall above 50 ms",
        "speed and stalls: `benchmarks throughput`, in pairs",
    ),
    "T2": Row(
        "the profiler is stopped, frozen or throttled",
        "SIGSTOP, a CPU quota of ours",
        "the target never stops",
    ),
    "T3": Row(
        "the daemon is killed in a capture",
        "SIGKILL at random moments, round after round",
        "target runs in 100 ms, sampler gone in 1 s",
    ),
    "T4": Row(
        "the daemon runs out of memory in a capture",
        "a memory control group, v1 or v2, and a process that eats it up",
        "as T3; reports are whole",
    ),
    "T5": Row("the target execs, exits, is killed, forks", "it does so when told", "closed in 1 s, and kept"),
    "T6": Row(
        "the target's number is reused",
        "`ns_last_pid`, before the look, between decision and attach, while recording",
        "no other process's profile in a report",
    ),
    "T7": Row(
        "the target is stopped or frozen", "SIGSTOP; the freezer, v1 or v2", "named in 2 s, left as it is"
    ),
    "T8": Row(
        "another tracer holds the target", "strace, gdb, a tracer of our own", "refused or captured in 2 s"
    ),
    "T9": Row(
        "the target is no CPython",
        "a shell, PyPy, Go, a static binary, a kernel thread, one without an executable",
        "unsupported, in 1 s",
    ),
    "T10": Row(
        "the profiler loops, never ends, writes too much",
        "a profiler of our own that does; a small bound",
        "ended at window + 2 s; bounded",
    ),
    "T11": Row("1,000 threads; 1,000 frames", "such a target", "16 MB of evidence, 64 MiB of memory"),
    "T12": Row(
        "every iteration overruns", "heartbeats of a loop that does", "captures as allowed; the rest counted"
    ),
    "D1": Row(
        "the wall clock jumps",
        "libfaketime, with and without the monotonic clock",
        "no false overrun, none missed",
    ),
    "D2": Row("the daemon is paused", "SIGSTOP for seconds", "nobody is blamed"),
    "D3": Row("all cores are taken", "a busy process for each", "overruns found and captured"),
    "D4": Row(
        "heartbeats lost, doubled, reordered, late",
        "a client that does so; at random in a state machine",
        "one trigger an overrun",
    ),
    "D5": Row("heartbeats stop: stuck, or dead", "SIGSTOP and SIGKILL of the target", "told apart"),
    "D6": Row(
        "a flood of heartbeats",
        "datagrams and connections as fast as they go",
        "others are heard; memory bounded",
    ),
    "D7": Row("the daemon restarts in an iteration", "SIGKILL", "no false overrun"),
    "D8": Row(
        "an overrun shorter than the first look", "an iteration that ends at once", "told, with what there is"
    ),
    "L1": Row(
        "a log is renamed, its writer keeps it",
        "a process that writes and rotates as fast as it can",
        "0 lines lost, 0 doubled",
    ),
    "L2": Row(
        "a log is copied and cut", "a copy, and a cut of the original", "0 doubled; a possible loss is told"
    ),
    "L3": Row(
        "a log is cut and grows beyond",
        "a cut and other text, running and while the daemon is down",
        "read from its start",
    ),
    "L4": Row(
        "a new log has the old one's inode",
        "ext4, which gives numbers of deleted files to new ones",
        "never read from the old place",
    ),
    "L5": Row(
        "rotated twice between looks, or while down",
        "renames, gzip, deletions, each between two looks",
        "read in order, or a gap is told",
    ),
    "L6": Row("a chain of links moves", "links as the kubelet makes them", "followed within 1 s"),
    "L7": Row(
        "CRI parts, interleaved, without end, huge",
        "texts as container runtimes write them",
        "joined; bounded and counted",
    ),
    "L8": Row("lines cut at any byte", "each place of a text; random actions", "the same result as whole"),
    "L9": Row(
        "the kept place is damaged",
        "garbage in its file, a folder that cannot be written",
        "every start succeeds",
    ),
    "L10": Row(
        "the daemon is killed while it follows",
        "SIGKILL at random moments, while lines come",
        "0 iterations lost",
    ),
    "L11": Row(
        "the log is no readable file",
        "other rights, a directory, a FIFO, /dev/zero, nothing",
        "waited for at no cost",
    ),
    "L12": Row("no inotify", "a limit of no watches", "polled"),
    "L13": Row(
        "a gigabyte behind",
        "old lines before the start; a hole of gigabytes",
        "no old line captures; 300 MB/s",
        "speed: `benchmarks log_tail`",
    ),
    "S1": Row(
        "killed at each step from capture to sink",
        "SIGKILL at each touch of the disk, and at moments of a whole daemon",
        "there once; lost 0",
    ),
    "S2": Row(
        "the power goes",
        "what strace saw of a step, replayed to each moment; what was not synced may be missing",
        "nothing lost that was acknowledged; every start succeeds",
    ),
    "S3": Row(
        "no space, or an error, at each write",
        "a small tmpfs; each write, sync, rename and mkdir on a report's way, by `strace -e inject`",
        "kept, stored once; goes on 1 s after space returns; `/readyz` tells",
        "bad blocks: strace; a failed sync is written anew",
    ),
    "S4": Row(
        "more reports than there is room for", "more reports than that", "quota kept; a place for each target"
    ),
    "S5": Row(
        "a sink refuses, hangs, cuts, drips",
        "a server of ours, line by line; a proxy of ours before a real S3 server",
        "tried again, or dead and visible; 0 lost; what is acknowledged is there",
        "an outage of days: `unit/test_backoff.py`",
    ),
    "S6": Row("one sink is down", "a sink that never answers beside one that does", "the others get it"),
    "S7": Row("1,000 reports wait", "a thousand entries in the spool", "drained, memory bounded"),
    "S8": Row(
        "credentials run out",
        "files with credentials and a role's token that change, are half written, are missing",
        "the next try uses new ones",
    ),
    "S9": Row(
        "the network is gone",
        "a network namespace in which packets vanish, a blackhole route, a closed port, a name that is none",
        "tried for 5 s, and again; captures go on",
    ),
    "S10": Row(
        "SIGTERM in a capture", "SIGTERM, also with hanging sinks", "durable in 5 s, delivered, exit 0"
    ),
    "S11": Row(
        "the spool is damaged",
        "flipped bits, cut and empty files, links, foreign files; 100,000 entries",
        "set aside; the others delivered; the start reads for half a second",
    ),
    "S12": Row("two daemons on one spool", "a second daemon", "the second ends"),
    "S13": Row("a sink blocks", "a sink that hangs", "detection is not late"),
    "S14": Row("no descriptors, no processes", "rlimits; a control group of few pids", "rests and recovers"),
    "S15": Row(
        "very many iterations and captures, for long",
        "heartbeats as fast as they are heard; captures in a row; the load simulator's loop, with errors, "
        "throttling and outages",
        "memory and descriptors as before: in a soak 1 MiB an hour at most; no zombie, none missed",
        "72 hours: a million iterations and 10,000 captures at full speed",
    ),
    "S16": Row(
        "another version left the spool",
        "entries as an earlier and a later version write them",
        "read, or set aside",
    ),
}
