"""The threats that loopcam must withstand. Tests say which they prove: `@pytest.mark.threat("redirects")`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """A threat, what stands against it, what passes, and what stands in where it cannot be shown in full."""

    what: str
    defence: str
    passes: str
    instead: str = ""


ROWS = {
    "routes": Row(
        "somebody asks without a right to",
        "loopback by default; a token, known by its SHA-256; on Unix sockets the kernel's word on the user",
        "of all routes of `/v1/openapi.json` only `/healthz` answers; "
        "over a Unix socket strangers send heartbeats only",
    ),
    "binding": Row(
        "control within everybody's reach",
        "an address beyond the loopback needs token and TLS, or the explicit `control.allow_insecure`",
        "the daemon does not start, and ends with 78",
    ),
    "pages": Row(
        "a web page in a browser beside us, DNS rebinding",
        "Host and Origin are checked before any route; JSON only; no CORS",
        "403 on every route",
    ),
    "pids": Row(
        "a heartbeat names another process",
        "a pid is never read from a request: the configuration says whom, or the kernel who sent it",
        "a hundred strangers' pids, 0 captures of them",
    ),
    "traversal": Row(
        "names that lead out of our folders",
        "names in requests never become paths; those of targets are checked; links are not followed",
        "`..`, NUL, dots of Unicode, 300 bytes: nothing is read or written outside",
    ),
    "links": Row(
        "symbolic and hard links put in our way",
        "folders of 0700 that are ours, descriptors instead of paths, O_NOFOLLOW and O_EXCL, rename",
        "swapped all the time, no foreign file is written",
    ),
    "modes": Row(
        "others read what is kept",
        "umask 077: files of 0600 in folders of 0700",
        "every file and folder that a daemon made, none left out",
    ),
    "redirects": Row(
        "a redirect or a name leads to where clouds hand out credentials",
        "redirects go to the same host or nowhere; link-local and metadata addresses are refused "
        "after the lookup, and that address is dialled",
        "nothing is sent there, in any spelling of the address",
    ),
    "secrets": Row(
        "secrets of the target or of sinks in what we write",
        "no arguments, environment, values; a type for secrets that does not show them; log lines scrubbed",
        "canaries in 20 places: in no report, log, metric, page, answer or traceback",
    ),
    "permissions": Row(
        "a sink's key is stolen",
        "`s3:PutObject` is enough",
        "the documented policy is enough, and no more",
    ),
    "xss": Row(
        "names of the target become markup",
        "texts are set as texts; a content security policy with hashes or nonces, trusted types",
        "hostile words in a real browser: no element, no script, no request",
    ),
    "collapsed": Row(
        "a function's name forges stacks",
        "py-spy's collapsed output is not read; what we draw is escaped, and counted",
        "evil names come back as one frame",
    ),
    "bombs": Row(
        "a small answer unpacks to gigabytes",
        "nothing compressed is asked for or unpacked by the daemon; profiles are unpacked within bounds, "
        "in a child with a memory limit",
        "10 GB from a sink, a target and in a profile: a few MB of memory",
    ),
    "yaml": Row(
        "a configuration without end",
        "no aliases, no tags, bounded size and depth, unknown keys are faults",
        "refused in 50 ms",
    ),
    "redos": Row(
        "a pattern that takes for ever",
        "patterns without backtracking where strangers' text is read, and a budget of time",
        "the event loop is never 50 ms late",
    ),
    "forged": Row(
        "whoever writes the log writes iterations",
        "marks choose neither process nor sink; captures by the limits of each target",
        "a flood of stalls brings as many captures as are allowed",
    ),
    "floods": Row(
        "captures are asked for without end",
        "one at a time; so many an hour, by whoever; streams and rates bounded",
        "a thousand requests bring as many captures as are allowed",
    ),
    "slow": Row(
        "connections that say nothing, or half of it",
        "deadlines for headers, bodies, answers; 64 connections, 16 of one address",
        "3,000 of them: gone in 6 s, memory as before, a heartbeat in 50 ms",
    ),
    "smuggling": Row(
        "one request that two readers read differently",
        "llhttp, strict; closed after an error; a bounded pipeline",
        "nothing behind a doubtful request is heard",
    ),
    "labels": Row(
        "names that forge lines of metrics or logs",
        "names are checked, label values escaped, log lines escaped; iterations are no labels",
        "quotes and newlines stay inside of their value",
    ),
    "environment": Row(
        "a planted PATH, LD_PRELOAD, PYTHONPATH",
        "children get a fixed environment and whole paths; our own Pythons run with `-I`",
        "planted programs, libraries and modules are never run",
    ),
    "profiler": Row(
        "another program in the profiler's place",
        "who may replace it is looked at before it is run, and its bytes are those of its package",
        "refused, with a remedy",
    ),
    "supply": Row(
        "a dependency is replaced",
        "few, locked by the hashes of their files, audited, in a bill of materials with each release",
        "what is installed is what is locked, and what is without a hash is refused",
    ),
    "rungs": Row(
        "more rights than are needed",
        "the least that works: none as the target's user; SYS_PTRACE alone; or on the profiler's file only",
        "a capture on each rung, with nothing else held",
    ),
    "sandbox": Row(
        "the container holds more than it needs",
        "not root, read-only root, all dropped, RuntimeDefault, no token",
        "a Kubernetes API server admits it at `restricted`",
    ),
}
