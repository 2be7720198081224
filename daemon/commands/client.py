"""Talking to the running daemon from the command line."""

import argparse
import http.client
import json
import os
import socket
import ssl
from typing import Any
from urllib.parse import urlsplit

from model.errors import LoopcamError

DEFAULT_URL = "http://127.0.0.1:8686"
UNIX = "unix:"
TIMEOUT_S = 10.0


def add(parser: argparse.ArgumentParser) -> None:
    """Where the daemon is, and who asks."""
    parser.add_argument(
        "--url",
        default=os.environ.get("LOOPCAM_URL", DEFAULT_URL),
        help="the daemon (default: %(default)s), or unix:PATH",
    )
    parser.add_argument("--ca-bundle", help="certificates to trust for an https URL (PEM)")
    parser.epilog = "A token, where the daemon asks for one, is read from the environment: LOOPCAM_TOKEN."


def ask(args: argparse.Namespace, method: str, path: str, body: Any = None) -> Any:
    """The daemon's JSON answer; raises LoopcamError with the daemon's own words where it refuses."""
    headers = {"Content-Type": "application/json"}
    if token := os.environ.get("LOOPCAM_TOKEN"):
        headers["Authorization"] = f"Bearer {token}"
    connection = _connection(args)
    try:
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        response = connection.getresponse()
        text = response.read()
    except (OSError, http.client.HTTPException) as error:
        remedy = "start `loopcam run`, or give its --url"
        if "path" in args:
            remedy += "; or give a folder of reports"
        raise LoopcamError(f"no daemon answers at {args.url}: {error}", remedy=remedy) from error
    finally:
        connection.close()
    return _answer(response.status, text)


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=TIMEOUT_S)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket's path."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _connection(args: argparse.Namespace) -> http.client.HTTPConnection:
    if args.url.startswith(UNIX):
        return _UnixConnection(args.url.removeprefix(UNIX).removeprefix("//"))
    url = urlsplit(args.url if "://" in args.url else f"http://{args.url}")
    if not url.hostname or url.scheme not in ("http", "https"):
        raise LoopcamError(f"--url {args.url}: not a URL", remedy=f"give one like {DEFAULT_URL}")
    if url.scheme == "http":
        return http.client.HTTPConnection(url.hostname, url.port, timeout=TIMEOUT_S)
    context = ssl.create_default_context(cafile=args.ca_bundle)
    return http.client.HTTPSConnection(url.hostname, url.port, timeout=TIMEOUT_S, context=context)


def _answer(status: int, text: bytes) -> Any:
    try:
        answer = json.loads(text) if text else {}
    except ValueError as error:
        raise LoopcamError(
            f"that is not loopcam: HTTP {status} without JSON", remedy="look at --url"
        ) from error
    if status >= 400:
        raise LoopcamError(answer.get("error", f"HTTP {status}"), remedy=answer.get("remedy", ""))
    return answer
