import argparse

import pytest

from daemon.config import flags
from daemon.config.load import parse
from model.errors import ConfigError

TARGET = "targets: [{name: a, process: {peer: true}, max_loop_time: 2m}]\n"


def faults(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse(text.encode(), "file", {})
    return [str(one) for one in caught.value.faults]


def test_sockets_and_a_target_that_is_known_by_them() -> None:
    config = parse(
        (TARGET + "unix: {datagram: /run/loopcam/beat.sock, mode: '660', uids: [7]}").encode(), "file", {}
    )
    assert config.unix is not None
    assert (str(config.unix.datagram), config.unix.http) == ("/run/loopcam/beat.sock", None)
    assert (config.unix.mode, config.unix.uids) == ("660", (7,))


@pytest.mark.parametrize(
    ("unix", "fault"),
    [
        ("{http: /a, mode: 600}", "unix.mode: 600: a text (put it in quotes)"),
        ("{http: /a, mode: '0999'}", 'unix.mode: 0999: octal digits in quotes, such as "0600"'),
        ("{http: /a, mode: rw}", 'unix.mode: rw: octal digits in quotes, such as "0600"'),
        ("{http: /a, group: 5}", "unix.group: 5: a text (put it in quotes)"),
        ("{mode: '0600'}", "unix: nothing: give http, datagram or both"),
        ("{http: /a, datagram: /a}", "unix.datagram: /a: the path of `http` already: choose another"),
        ("{http: a}", "unix.http: a: an absolute path of at most 107 bytes"),
        ("{http: /a, uids: [-1]}", "unix.uids[0]: -1: at least 0"),
        ("{http: /a, gid: 1}", "unix.gid: unknown: no such option"),
    ],
)
def test_what_is_wrong_with_sockets_is_told_with_the_remedy(unix: str, fault: str) -> None:
    assert any(one.startswith(fault) for one in faults(f"{TARGET}unix: {unix}")), faults(
        f"{TARGET}unix: {unix}"
    )


def test_a_path_that_the_kernel_would_refuse_is_a_fault() -> None:
    assert "at most 107 bytes" in faults(f"{TARGET}unix: {{http: /{'a' * 107}}}")[0]


def test_a_peer_needs_a_socket_and_the_source_heartbeat() -> None:
    assert "targets[0].process.peer: true: needs a socket" in faults(TARGET)[0]
    logged = TARGET.replace("max_loop_time: 2m", "max_loop_time: 2m, iterations: [log: {path: /a, start: x}]")
    assert any("needs the source heartbeat" in one for one in faults(f"{logged}\nunix: {{http: /a}}"))


def test_a_peer_excludes_other_ways() -> None:
    both = TARGET.replace("peer: true", "peer: true, pid: 1") + "unix: {http: /a}"
    assert faults(both) == [
        "targets[0].process: pid, peer: give exactly one of pid, pidfile, match, systemd, peer: true"
    ]
    neither = TARGET.replace("peer: true", "peer: false") + "unix: {http: /a}"
    assert "needed: which process it is, or where its HTTP is (`address`)" in faults(neither)[0]


def test_flags_name_the_sockets_too() -> None:
    parser = argparse.ArgumentParser()
    flags.add(parser)
    named = ["--unix-http", "/run/a.sock", "--unix-datagram", "/run/b.sock"]
    config = flags.config(parser.parse_args(["--pid", "1", "--max-loop-time", "2s", "--out", "/o", *named]))
    assert config.unix is not None
    assert (str(config.unix.http), str(config.unix.datagram)) == ("/run/a.sock", "/run/b.sock")
