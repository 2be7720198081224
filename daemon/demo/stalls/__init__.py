"""The stalls that the demonstration can play: one function each, and the verdict that is right."""

from daemon.demo.stalls import (
    computing,
    coroutines,
    formats,
    groups,
    journals,
    names,
    neighbours,
    provider,
    remotes,
    sharing,
    waiting,
)
from daemon.demo.stalls.contract import Stall

DEFAULT = "own_code"

# A name is the cause's, or the cause's, a dash and the variant's.
STALLS: dict[str, Stall] = {
    "own_code": Stall("own_code", "pure Python, one hot loop", computing.pack_pods),
    "own_code-calls": Stall("own_code", "pure Python, many small functions", computing.score_nodes),
    "native_code": Stall("native_code", "sorts and sums of a big list, in C", computing.rank_prices),
    "native_code-power": Stall("native_code", "big integers, in C", computing.estimate_capacity),
    "native_code-sleep": Stall("native_code", "a C library that blocks with the GIL", computing.ask_driver),
    "gil_contention": Stall(
        "gil_contention", "computes beside threads that do the same", computing.reconcile_shards
    ),
    "gil_contention-waits": Stall(
        "gil_contention", "short waits beside busy threads", computing.reconcile_and_look
    ),
    "lock_wait": Stall("lock_wait", "a worker holds the lock while it works", sharing.update_nodes),
    "lock_wait-future": Stall("lock_wait", "waits for the result of a pool's thread", sharing.update_prices),
    "deadlock": Stall("deadlock", "two threads, two locks, in different order", sharing.move_pods),
    "network_wait": Stall("network_wait", "a request that is never answered", remotes.ask_provider),
    "network_wait-timeout": Stall("network_wait", "the same with a long time-out", remotes.ask_patiently),
    "network_wait-connect": Stall("network_wait", "a server whose queue is full", remotes.reach_provider),
    "backoff": Stall("backoff", "an API says 429, the client sleeps", provider.scale_group),
    "backoff-urllib3": Stall(
        "backoff",
        "the same by urllib3's retries",
        provider.scale_pooled_group,
        provider.prepare_urllib3,
        provider.without_urllib3,
    ),
    "backoff-botocore": Stall(
        "backoff",
        "AWS's client, throttled",
        provider.scale_aws_group,
        provider.prepare_botocore,
        provider.without_boto3,
    ),
    "sleep": Stall("sleep", "one long sleep", waiting.roll_out),
    "sleep-polling": Stall("sleep", "short sleeps until something is there", waiting.await_marker),
    "child_process": Stall("child_process", "waits for a command", waiting.run_hook),
    "child_process-output": Stall("child_process", "reads a command that says nothing", waiting.read_hook),
    "garbage_collection": Stall(
        "garbage_collection", "full collections of a huge heap", formats.tidy_up, formats.fill_heap
    ),
    "event_loop_blocked": Stall("event_loop_blocked", "time.sleep in a coroutine", coroutines.settle),
    "event_loop_blocked-computing": Stall(
        "event_loop_blocked", "a coroutine that computes", coroutines.settle_packing
    ),
    "event_loop_blocked-request": Stall(
        "event_loop_blocked", "a blocking HTTP client in a coroutine", coroutines.settle_remote
    ),
    "serialisation-json": Stall(
        "serialisation", "JSON of a huge cluster", formats.export_cluster, formats.fill_cluster
    ),
    "serialisation-indented": Stall(
        "serialisation", "indented JSON: in Python", formats.export_readable, formats.fill_cluster
    ),
    "serialisation-pickle": Stall(
        "serialisation", "a checkpoint by pickle", formats.keep_cluster, formats.fill_cluster
    ),
    "serialisation-worker": Stall(
        "serialisation", "pickle for a worker process", formats.hand_over_cluster, formats.fill_cluster
    ),
    "serialisation-yaml": Stall(
        "serialisation", "YAML in pure Python", formats.export_manifest, formats.fill_cluster
    ),
    "regular_expression": Stall("regular_expression", "a pattern that backtracks", formats.validate_labels),
    "regular_expression-module": Stall("regular_expression", "the same by re.search", formats.find_units),
    "log_pipe": Stall("log_pipe", "logging into a pipe that nobody reads", waiting.announce_pending),
    "log_pipe-print": Stall("log_pipe", "print into a pipe that nobody reads", waiting.list_pending),
    "dns": Stall("dns", "a name server that never answers", names.find_provider, missing=names.without_glibc),
    "tls": Stall("tls", "a server that is silent in the handshake", names.greet_provider),
    "tls-context": Stall("tls", "reads all certificates again and again", names.trust_again),
    "tls-key": Stall(
        "tls", "makes RSA keys", names.renew_identity, names.prepare_identity, names.without_cryptography
    ),
    "disk": Stall("disk", "waits for the disk after each small record", journals.keep_journal),
    "disk-frozen": Stall(
        "disk", "a frozen file system", journals.keep_journal_elsewhere, missing=journals.without_loop_mount
    ),
    "cpu_throttled": Stall(
        "cpu_throttled",
        "a quota of 6 % of a core",
        groups.plan_nodes,
        groups.take_two_cores,
        groups.without_cpu_quota,
    ),
    "cpu_starved": Stall("cpu_starved", "ten processes want the same core", neighbours.place_pods),
    "memory_pressure": Stall(
        "memory_pressure",
        "more pages than its control group may hold",
        groups.read_index,
        groups.write_index,
        groups.without_memory_limit,
    ),
    "stopped": Stall("stopped", "somebody stops it with SIGSTOP", neighbours.watch_rollout),
    "stopped-frozen": Stall(
        "stopped",
        "its control group is frozen",
        neighbours.watch_upgrade,
        neighbours.enter_freezer,
        neighbours.without_freezer,
    ),
}
