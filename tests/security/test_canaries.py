"""A daemon among secrets: nothing that it writes, tells or shows has one, and nothing is open to others."""

import base64
import gzip
import hashlib
import json
import re
import socket
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.daemon import Daemon, loopcam, until
from tests.servers import Request, reply, scripted
from tests.targets import Targets

WORD = "c4nary"


# what is sure of it in Base64, behind so many bytes of something else
CODED = [
    base64.b64encode(bytes(shift) + WORD.encode())[(8 * shift + 5) // 6 : 8 * (shift + len(WORD)) // 6]
    for shift in range(3)
]


def canary(place: str) -> str:
    """A secret that tells where it was planted."""
    return f"{WORD}{place}Xq7Zp0Lw9"


NOBODY = "http://127.0.0.1:1/?sig=${SIGNATURE}"
TOKEN, HOOK = canary("control"), canary("hook")
ARGUMENTS = (
    f"--token={canary('argument')}",
    f"--url=https://user:{canary('userinfo')}@store/x?X-Amz-Signature={canary('presigned')}",
)
ENVIRONMENT = {"API_KEY": canary("environment"), "DATABASE_URL": f"postgres://u:{canary('database')}@db/x"}
SECRET_ENVIRONMENT: Mapping[str, str] = {"SIGNATURE": canary("reference")}
LINES = (
    f"Authorization: Bearer {canary('bearer')}",
    f"GET https://user:{canary('line')}@cloud/x?X-Amz-Signature={canary('query')}&x=1",
    f'RuntimeError: login failed: {{"password": "{canary("exception")}"}}',
    f"aws_secret_access_key={canary('aws')} api_key={canary('apikey')}",
    f"x-amz-security-token: {canary('session')}",
    f"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.{canary('jwt')}abcdefgh",
)


def repeating(connection: socket.socket, request: Request) -> None:
    """Refuse, and repeat all that was said."""
    said = json.dumps([request.target, request.headers])
    reply(400, said.encode())(connection, request)


def planted(folder: Path, pid: int, url: str) -> dict[str, Any]:
    """A configuration whose every place for a secret has one; nothing but a folder takes reports."""
    key = folder / "key"
    key.write_text(canary("file"))
    token = folder / "token"
    token.write_text(canary("target"))
    key.chmod(0o600)
    token.chmod(0o600)
    log = {"log": {"path": str(folder / "app.log"), "start": "start$", "end": "end$"}}
    asked = {
        "path": f"/metrics?token={canary('asked')}",
        "headers": {"X-Api-Key": canary("header")},
        "when": "trigger",
    }
    one = {
        "name": "one",
        "process": {"pid": pid},
        "address": url.removeprefix("http://"),
        "http": {"token_file": str(token)},
        "iterations": [log, "heartbeat"],
        "max_loop_time": "200ms",
        "collection_time": "1500ms",
        "collectors": ["pyspy", "host", "loglines", "pprof", {"http": asked}],
    }
    keys = {"access_key_id": canary("keyid"), "secret_access_key": canary("key")}
    return {
        "targets": [one],
        "control": {"token_sha256": hashlib.sha256(TOKEN.encode()).hexdigest()},
        "sinks": [
            {"file": {"path": str(folder / "reports")}},
            {
                "http": {
                    "url": f"{url}/{{id}}?X-Amz-Signature={canary('signature')}",
                    "token": canary("token"),
                }
            },
            {"http": {"url": NOBODY, "headers": {"X-Key": f"file:{key}"}}, "name": "no"},
            {"s3": {"bucket": "stalls", "endpoint_url": url, "region": "eu-central-1", **keys}},
        ],
        "notifications": [{"webhook": {"url": f"{url}/services/{HOOK}", "token": canary("hooktoken")}}],
    }


def told(cam: Daemon) -> Iterator[tuple[str, bytes]]:
    """All that is said and shown, by the place where it is."""
    for path in ("/", "/metrics", "/v1/status", "/v1/reports", "/readyz", "/v1/openapi.json"):
        yield path, cam.download(path)
    yield "open metrics", cam.ask("GET", "/metrics")[1].encode()
    for wrong in ("/v1/reports/x/y", "/v1/captures/none"):
        yield wrong, json.dumps(cam.ask("GET", wrong)).encode()
    for command in ("check", "doctor"):
        arguments = [str(cam.file)] if command == "check" else ["--config", str(cam.file), "--probe-sinks"]
        done = loopcam(command, *arguments, env=SECRET_ENVIRONMENT)
        yield command, (done.stdout + done.stderr).encode()
    for home in (cam.spool, cam.reports):
        yield from files(home)
    for log in cam.logs:
        yield log.name, log.read_bytes()


def files(home: Path) -> Iterator[tuple[str, bytes]]:
    """Every file's bytes, and what is packed in it."""
    for file in home.rglob("*"):
        if file.is_file():
            data = file.read_bytes()
            yield str(file), data
            if data.startswith(b"\x1f\x8b"):
                yield f"{file}, unpacked", gzip.decompress(data)


def leaks(data: bytes) -> list[bytes]:
    """Secrets in it, also in Base64 wherever it begins."""
    shown = [found[0] for found in re.finditer(re.escape(WORD.encode()) + rb".{,40}", data, re.IGNORECASE)]
    return shown + [one for one in CODED if one in data]


def test_a_secret_in_base64_is_seen_wherever_it_begins() -> None:
    for before in ("", "u", "u:", "user:"):
        coded = base64.b64encode(f"{before}{canary('x')}".encode())
        assert len(leaks(coded)) == 1
        assert not leaks(coded.lower())


@pytest.mark.threat("secrets", "modes")
def test_no_secret_is_in_anything_that_is_kept_told_or_shown(tmp_path: Path, targets: Targets) -> None:
    log = tmp_path / "app.log"
    log.touch()
    target = targets.start("secretive.py", *ARGUMENTS, env=ENVIRONMENT)
    with scripted(repeating) as server:
        cam = Daemon(tmp_path, **planted(tmp_path, target.pid, server.url))
        cam.environment, cam.headers = dict(SECRET_ENVIRONMENT), {"Authorization": f"Bearer {TOKEN}"}
        try:
            cam.start().finds("one")
            until(lambda: cam.source("one")["up"], "the log is heard")
            with log.open("a") as file:
                file.write("\n".join(("1 start", *LINES, "")))
            cam.stored(1)
            for name in ("http", "s3"):
                until(lambda name=name: cam.sink(name)["dead"], f"{name} is refused")
            until(lambda: cam.said("attempt failed") or cam.sink("no")["pending"], "no is tried")
            found = {place: leaks(data) for place, data in told(cam)}
            assert len(found) > 30
            assert any("loglines" in place for place in found)
            assert sorted((place, what[0]) for place, what in found.items() if what) == []
            heard = b"".join(json.dumps([one.target, one.headers]).encode() for one in server.requests)
            for place in ("signature", "token", "hook", "hooktoken", "asked", "header", "target"):
                assert canary(place).encode() in heard, f"{place} was never used"
            assert_closed(cam)
        finally:
            cam.close()
    assert [one for one in cam.logs if leaks(one.read_bytes())] == []


def assert_closed(cam: Daemon) -> None:
    """Files and folders of ours are for our own user only."""
    ours = [path for home in (cam.spool, cam.reports) for path in (home, *home.rglob("*"))]
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in ours}
    wrong = {path: oct(mode) for path, mode in modes.items() if mode != (0o700 if path.is_dir() else 0o600)}
    assert len(modes) > 30
    assert wrong == {}
