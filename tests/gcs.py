"""Google Cloud Storage's JSON API on loopback, as much of it as storing takes: uploads in one request and in
parts, preconditions, checksums, reading, and permissions that can be taken away."""

import json
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import google_crc32c

Json = dict[str, Any]
EVERYTHING = frozenset({"create", "get", "delete"})


class RefusedError(Exception):
    """A request that the store answers with an error."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status, self.reason = status, reason


@dataclass
class Emulator:
    """One store with one bucket; `allowed` is what its user may do with objects."""

    bucket: str
    url: str = ""
    allowed: frozenset[str] = EVERYTHING
    contents: dict[str, bytes] = field(default_factory=dict)
    objects: dict[str, Json] = field(default_factory=dict)
    requests: list[tuple[str, str]] = field(default_factory=list)  # methods, and what they were for
    uploads: dict[str, tuple[Json, Json, bytearray]] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def demand(self, permission: str) -> None:
        """Refuse what is not allowed, in the store's words."""
        if permission not in self.allowed:
            said = f"loopcam@test does not have storage.objects.{permission} access to the object."
            raise RefusedError(403, "forbidden", said)

    def begin(self, query: Json, about: Json) -> None:
        """Refuse an upload before its content comes."""
        there = self.objects.get(about["name"])
        wanted = query.get("ifGenerationMatch")
        generation = there["generation"] if there else "0"
        if wanted is not None and wanted != generation:
            raise RefusedError(412, "conditionNotMet", "At least one of the pre-conditions did not hold.")
        self.demand("create")
        if there:
            self.demand("delete")

    def keep(self, query: Json, about: Json, content: bytes) -> Json:
        """Make the object."""
        self.begin(query, about)
        checksum = b64encode(google_crc32c.Checksum(content).digest()).decode()
        if about.get("crc32c") != checksum:
            raise RefusedError(400, "invalid", "Provided CRC32C is missing, or does not match.")
        generation = str(len(self.requests))
        told = {"generation": generation, "crc32c": checksum, "size": str(len(content))}
        self.objects[about["name"]] = {"storageClass": "STANDARD", **about, **told, **_key(query)}
        self.contents[about["name"]] = content
        return self.objects[about["name"]]


def _key(query: Json) -> Json:
    return {"kmsKeyName": query["kmsKeyName"]} if "kmsKeyName" in query else {}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    store: Emulator

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        self._answer(self._upload)

    def do_PUT(self) -> None:
        self._answer(self._part)

    def do_GET(self) -> None:
        self._answer(self._read)

    def _answer(self, work: Any) -> None:
        address = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        kind = query.get("uploadType") or ("part" if "upload_id" in query else "object")
        with self.store.lock:
            self.store.requests.append((self.command, kind))
            try:
                status, headers, told = work(unquote(address.path), query, body)
            except RefusedError as error:
                said = {"code": error.status, "message": str(error), "errors": [{"reason": error.reason}]}
                status, headers, told = error.status, {}, {"error": said}
        data = told if isinstance(told, bytes) else json.dumps(told).encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def _upload(self, path: str, query: Json, body: bytes) -> tuple[int, Json, object]:
        if path != f"/upload/storage/v1/b/{self.store.bucket}/o":
            raise RefusedError(404, "notFound", "The specified bucket does not exist.")
        if query["uploadType"] == "multipart":
            about, content = _multipart(body, self.headers["Content-Type"])
            return 200, {}, self.store.keep(query, about, content)
        about = json.loads(body)
        self.store.begin(query, about)
        number = str(len(self.store.uploads))
        kept = {"contentType": self.headers["X-Upload-Content-Type"]} | about
        self.store.uploads[number] = (query, kept, bytearray())
        return 200, {"Location": f"{self.store.url}{path}?upload_id={number}"}, {}

    def _part(self, path: str, query: Json, body: bytes) -> tuple[int, Json, object]:
        upload, about, content = self.store.uploads[query["upload_id"]]
        content += body
        if not self.headers["Content-Range"].endswith(f"/{len(content)}"):
            return 308, {"Range": f"bytes=0-{len(content) - 1}"}, b""
        return 200, {}, self.store.keep(upload, about, bytes(content))

    def _read(self, path: str, query: Json, body: bytes) -> tuple[int, Json, object]:
        name = path.partition("/o/")[2]
        self.store.demand("get")
        if name not in self.store.objects:
            raise RefusedError(404, "notFound", f"No such object: {name}")
        return 200, {}, self.store.objects[name]


def _multipart(body: bytes, content_type: str) -> tuple[Json, bytes]:
    """What is said of an object, and its content, byte by byte as it came."""
    boundary = content_type.partition("boundary=")[2].strip('"').encode()
    _, first, second, _ = body.split(b"--" + boundary)
    about = json.loads(first.partition(b"\r\n\r\n")[2])
    head, _, content = second.partition(b"\r\n\r\n")
    told = head.strip().lower().partition(b"content-type: ")[2].decode()
    return {"contentType": told} | about, content.removesuffix(b"\r\n")


@contextmanager
def emulator(bucket: str = "stalls") -> Iterator[Emulator]:
    """A store on a free port."""
    store = Emulator(bucket)
    handler = type("Handler", (_Handler,), {"store": store})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        store.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = Thread(target=server.serve_forever, args=(0.05,), name="emulated store")
        thread.start()
        try:
            yield store
        finally:
            server.shutdown()
            thread.join()
