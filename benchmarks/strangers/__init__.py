"""Programs that verdicts were not made with: what the demonstration's rules say of strangers."""

from benchmarks.strangers import children, clients, loops, machinery, nested, pools, resting, texts, waits
from benchmarks.strangers.contract import Stranger

STRANGERS: dict[str, Stranger] = {
    "describe-all": Stranger(("network_wait",), "a pool of threads asks", pools.describe_all),
    "plan-beside": Stranger(("own_code",), "a pool's thread computes", pools.plan_beside),
    "gather-mixed": Stranger(
        ("network_wait", "own_code"), "four threads ask, one computes", pools.gather_mixed
    ),
    "pack-parts": Stranger(("native_code",), "a pool compresses", pools.pack_parts),
    "run-script": Stranger(("child_process",), "a script's output", children.run_script),
    "read-lines": Stranger(("child_process",), "a command's lines", children.read_lines),
    "fork-and-wait": Stranger(("child_process",), "fork and waitpid", children.fork_and_wait),
    "map-over-pool": Stranger(("child_process",), "multiprocessing.Pool", children.map_over_pool),
    "submit-to-pool": Stranger(("child_process",), "ProcessPoolExecutor", children.submit_to_pool),
    "be-stopped": Stranger(("stopped",), "SIGSTOP", children.be_stopped),
    "await-signal": Stranger(
        ("unknown",), "sigwait: on no list", children.await_signal, children.hold_signal
    ),
    "await-executor": Stranger(("network_wait",), "asyncio, a request in a thread", loops.await_executor),
    "await-thread": Stranger(("own_code",), "asyncio, a computation in a thread", loops.await_thread),
    "encode-in-coroutine": Stranger(
        ("event_loop_blocked",), "asyncio, JSON in a coroutine", loops.encode_in_coroutine
    ),
    "await-stream": Stranger(
        ("unknown", "network_wait"), "asyncio, a reply that is awaited", loops.await_stream
    ),
    "join-greenlets": Stranger(
        ("network_wait", "unknown"), "gevent, requests", loops.join_greenlets, loops.patch
    ),
    "get-by-requests": Stranger(("network_wait",), "requests", clients.get_by_requests),
    "get-by-urllib": Stranger(("network_wait",), "urllib", clients.get_by_urllib),
    "call-by-xml": Stranger(("network_wait",), "xmlrpc", clients.call_by_xml),
    "list-objects": Stranger(("network_wait",), "boto3, no answer", clients.list_objects),
    "list-throttled": Stranger(("backoff",), "boto3, tries again", clients.list_throttled),
    "get-when-busy": Stranger(("backoff",), "requests, tries again", clients.get_when_busy),
    "poll-state": Stranger(("sleep", "backoff"), "asks every now and then", clients.poll_state),
    "read-line": Stranger(("network_wait",), "a protocol of its own", clients.read_line),
    "wait-for-word": Stranger(("lock_wait",), "Condition.wait", waits.wait_for_word),
    "join-queue": Stranger(("network_wait",), "Queue.join, its worker asks", waits.join_queue),
    "enter-lock": Stranger(("lock_wait",), "an RLock, its holder hashes", waits.enter_lock),
    "take-slot": Stranger(("lock_wait",), "a semaphore", waits.take_slot),
    "meet": Stranger(("lock_wait",), "a barrier", waits.meet),
    "lock-file": Stranger(("disk",), "flock: a lock on a file", waits.lock_file),
    "read-table": Stranger(("serialisation",), "csv.DictReader", texts.read_table),
    "read-tree": Stranger(("serialisation",), "ElementTree", texts.read_tree),
    "read-page": Stranger(("serialisation",), "yaml.safe_load", texts.read_page),
    "copy-pods": Stranger(("serialisation",), "copy.deepcopy", texts.copy_pods),
    "check-names": Stranger(("regular_expression",), "jsonschema's pattern", texts.check_names),
    "compare-texts": Stranger(("own_code",), "difflib", texts.compare_texts),
    "compress": Stranger(("native_code",), "zlib", machinery.compress),
    "derive-secret": Stranger(("native_code",), "hashlib.pbkdf2_hmac", machinery.derive_secret),
    "sort-rows": Stranger(("native_code",), "sorted", machinery.sort_rows),
    "count-pairs": Stranger(("own_code", "native_code"), "a generator over itertools", machinery.count_pairs),
    "draw-lots": Stranger(("own_code",), "random.choices", machinery.draw_lots),
    "tidy": Stranger(
        ("garbage_collection",), "collect, by its own name", machinery.tidy, machinery.fill_heap
    ),
    "churn": Stranger(("own_code", "garbage_collection"), "collections start by themselves", machinery.churn),
    "join-tables": Stranger(("native_code",), "SQLite, a big query", machinery.join_tables),
    "write-locked": Stranger(("lock_wait", "sleep"), "SQLite, locked", machinery.write_locked),
    "draw-page": Stranger(("own_code",), "a jinja2 template", nested.draw_page),
    "find-paths": Stranger(("own_code",), "networkx", nested.find_paths),
    "parse-source": Stranger(("native_code",), "ast.parse", nested.parse_source),
    "parse-html": Stranger(("own_code", "serialisation"), "html.parser", nested.parse_html),
    "parse-mail": Stranger(("own_code", "serialisation"), "email", nested.parse_mail),
    "make-archive": Stranger(("native_code",), "tarfile, gzip", nested.make_archive),
    "encode-block": Stranger(("native_code", "serialisation"), "base64", nested.encode_block),
    "greet-silence": Stranger(("tls",), "requests, no handshake", nested.greet_silence),
    "select-reply": Stranger(("network_wait",), "select.select on a socket", nested.select_reply),
    "take-as-completed": Stranger(("network_wait",), "as_completed", nested.take_as_completed),
    "feed-child": Stranger(("child_process",), "a command that reads nothing", nested.feed_child),
    "await-child": Stranger(("child_process",), "multiprocessing.Queue", nested.await_child),
    "use-wrapped": Stranger(("backoff",), "a loop that tries again", nested.use_wrapped),
    "rest-event": Stranger(("unknown",), "Event.wait", resting.wait_for_end, asked=True),
    "rest-queue": Stranger(("unknown",), "Queue.get", resting.wait_for_jobs, asked=True),
    "rest-server": Stranger(("unknown",), "serve_forever", resting.serve, asked=True),
    "rest-accept": Stranger(("unknown",), "accept", resting.accept, asked=True),
    "rest-select": Stranger(("unknown",), "selectors", resting.select, asked=True),
    "rest-asyncio": Stranger(("unknown",), "asyncio.sleep", resting.run_loop, asked=True),
    "rest-sleep": Stranger(("unknown",), "time.sleep", resting.sleep_between, asked=True),
    "rest-pool": Stranger(("unknown",), "a pool without work", resting.keep_pool, asked=True),
}
