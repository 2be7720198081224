"""Where reports wait and go: the spool, the sinks, the sockets. Looked at, never written."""

import os
import pwd
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from daemon.config.parts import Part
from daemon.config.settings import Config
from daemon.doctor import credentials, storage
from daemon.doctor.facts import Own
from daemon.doctor.findings import Finding, Level, Remedy
from daemon.doctor.permitted import may
from model.secrets import Secret
from sinks.contract import Sink

REACH_WITHIN_S = 3.0
_QUEUE = Path("/proc/sys/net/unix/max_dgram_qlen")
_WATCHES = Path("/proc/sys/fs/inotify/max_user_instances")
_LEAST_QUEUE, _LEAST_WATCHES = 10, 16


def judged(config: Config, own: Own, *, reach: bool) -> Iterator[Finding]:
    """All findings about a configuration's places; `reach` also connects to sinks over the network."""
    yield from storage.judged(config, own)
    for part in config.sinks:
        yield from _sink(part, reach=reach)
    if config.unix is not None:
        for path in (config.unix.http, config.unix.datagram):
            if path is not None:
                yield _socket(path)
    if config.unix is not None and config.unix.datagram is not None:
        yield _limit("datagram_queue", _QUEUE, _LEAST_QUEUE, "net.unix.max_dgram_qlen", "heartbeats get lost")
    if any(source.kind == "log" for target in config.targets for source in target.iterations):
        yield _limit("inotify", _WATCHES, _LEAST_WATCHES, "fs.inotify.max_user_instances", "logs are polled")


def _sink(part: Part[Sink], *, reach: bool) -> Iterator[Finding]:
    subject = f"sink {part.name}"
    if isinstance(getattr(part.options, "path", None), Path):
        return  # a folder
    yield from credentials.judged(part)
    host, port = _address(part.options)
    if not host:
        what = "it cannot be looked at from here"
        yield Finding(check="sink", level=Level.NOTE, what=what, subject=subject)
    elif not reach:
        what = f"stores at {host}:{port}, which was not tried"
        yield Finding(check="sink", level=Level.OK, what=what, why="--sinks tries", subject=subject)
    else:
        yield _reached(host, port, subject)


def _address(sink: Sink) -> tuple[str, int]:
    """Where a sink's server is, as far as its options tell."""
    url = getattr(sink, "url", None) or getattr(sink, "endpoint_url", None)
    if url is None and hasattr(sink, "bucket"):
        region = getattr(sink, "region", None)
        url = f"https://s3.{region}.amazonaws.com" if region else "https://s3.amazonaws.com"
    text = url.reveal() if isinstance(url, Secret) else str(url or "")
    address = urlsplit(text)
    try:
        return address.hostname or "", address.port or (80 if address.scheme == "http" else 443)
    except ValueError:
        return "", 0


def _reached(host: str, port: int, subject: str) -> Finding:
    try:
        socket.create_connection((host, port), timeout=REACH_WITHIN_S).close()
    except OSError as error:
        what = f"{host}:{port} cannot be reached: {error.strerror or error}"
        why = "reports wait in the spool until it can"
        mend = Remedy(
            kubernetes="# a NetworkPolicy with an egress rule for it, and `dnsPolicy: ClusterFirst`",
            command=f"getent hosts {host}; curl -sv --connect-timeout 3 telnet://{host}:{port}",
        )
        return Finding(check="sink", level=Level.WARNING, what=what, why=why, remedy=mend, subject=subject)
    return Finding(check="sink", level=Level.OK, what=f"{host}:{port} can be reached", subject=subject)


def _socket(path: Path) -> Finding:
    """Whether a socket can be made there."""
    there = path.parent
    if there.is_dir() and may(there, os.W_OK | os.X_OK):
        return Finding(check="socket", level=Level.OK, what=f"{path} can be made")
    what = f"{path} cannot be made: {there} is " + ("not ours to write" if there.is_dir() else "not there")
    mend = Remedy(
        kubernetes=f"volumes:\n  - {{name: run, emptyDir: {{medium: Memory}}}}"
        f"  # mounted at {there} in both containers",
        systemd="[Service]\nRuntimeDirectory=loopcam  # makes /run/loopcam",
        docker=f"--volume loopcam-run:{there}  # in both containers",
        command=f"install -d -o {_name(os.geteuid())} {there}",
    )
    why = "targets send their heartbeats there"
    return Finding(check="socket", level=Level.PROBLEM, what=what, why=why, remedy=mend)


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:  # a number without a name, as in containers
        return str(uid)


def _limit(check: str, file: Path, least: int, name: str, otherwise: str) -> Finding:
    try:
        found = int(file.read_text())
    except OSError:
        return Finding(check=check, level=Level.NOTE, what=f"{name} cannot be read")
    what = f"{name} is {found}"
    if found >= least:
        return Finding(check=check, level=Level.OK, what=what)
    mend = Remedy(command=f"sysctl {name}={least * 10}")
    why = f"where it is used up, {otherwise}"
    return Finding(check=check, level=Level.WARNING, what=what, why=why, remedy=mend)
