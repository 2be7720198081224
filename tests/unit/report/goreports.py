"""Reports of a Go program that only its HTTP was within reach of, from what was recorded of a real one."""

import gzip
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from disk import durable
from model import coding
from model.capture import Capture, PartOutcome
from model.fetches import FETCHES_KIND, Fetch, Fetches
from model.report import CAPTURE_FILE
from report import manifests
from tests.reports import START_S, make_report

RECORDED = Path(__file__).with_name("recorded")
ADDRESS = "scaler.example.org:8085"
Answer = tuple[str, str, float, float, bytes]  # what, file, begun and ended after the start, content

_KINDS = {
    "goroutine_dump": ("goroutine_dump", "text/plain"),
    "cpu": ("pprof_cpu", "application/octet-stream"),
    "log": ("loglines", "text/plain"),
}


def recorded(mode: str) -> list[Answer]:
    """What was recorded: two looks at the goroutines, two CPU profiles of 2 s, and more when blocked."""
    folder = RECORDED / mode
    dumps = [gzip.decompress((folder / f"goroutines-{n}.txt.gz").read_bytes()) for n in ("000", "002")]
    answers: list[Answer] = [
        ("goroutine_dump", f"pprof-goroutines-{at:03}.txt", at * 2.0, at * 2.0 + 0.01, dump)
        for at, dump in enumerate(dumps)
    ]
    for at in range(2):
        profile = (folder / f"cpu-{at:03}.pb.gz").read_bytes()
        answers.append(("cpu", f"pprof-cpu-{at:03}.pb.gz", at * 2.01, at * 2.01 + 2.005, profile))
    for what in ("goroutines", "heap", "mutex"):
        if (file := folder / f"{what}.pb.gz").exists():
            answers.append((what, f"pprof-{what}.pb.gz", 0.02, 0.03, file.read_bytes()))
    return answers


def make_go_report(
    folder: Path,
    answers: Sequence[Answer],
    *,
    failed: Sequence[Fetch] = (),
    kind: str = "pprof",
    parts: Sequence[PartOutcome] = (),
    extra: Mapping[str, tuple[str, bytes]] | None = None,  # by path, with the artifact's kind
    index: bytes | None = None,
) -> Path:
    """A directory as the daemon leaves it for the renderer; the window is 4.1 s long."""
    home = make_report(folder, segments=[], dumps=[], target="scaler", parts=parts)
    files = dict(extra or {})
    fetches = list(failed)
    for what, name, begun_s, ended_s, content in answers:
        files[f"evidence/{name}"] = _KINDS.get(what, (f"{kind}_{what}", ""))[0], content
        fetches.append(fetch(what, f"evidence/{name}", begun_s, ended_s, len(content)))
    if fetches:
        what, told = fetched(kind, fetches)
        files[f"evidence/{kind}.fetches.json"] = what, told if index is None else index
    for path, (_, content) in files.items():
        (home / path).write_bytes(content)
    capture = manifests.read_capture(home)
    evidence = tuple(
        manifests.describe(home, path, what, "text/plain") for path, (what, _) in sorted(files.items())
    )
    write(home, capture, evidence=evidence)
    return home


def metrics_files(before: bytes, after: bytes, name: str = "http") -> dict[str, tuple[str, bytes]]:
    """Two answers of /metrics with their index, 3 s apart, by path and with the artifact's kind."""
    paths = f"evidence/{name}-trigger.txt", f"evidence/{name}-end.txt"
    asked = [
        msgspec.structs.replace(
            fetch(name, path, at_s, at_s + 0.1, 1), url="http://scaler.example.org:8085/metrics"
        )
        for path, at_s in zip(paths, (0.5, 3.5), strict=True)
    ]
    answers = {path: ("http_response", data) for path, data in zip(paths, (before, after), strict=True)}
    return {f"evidence/{name}.fetches.json": fetched("http", asked), **answers}


def write(home: Path, capture: Capture, **changed: object) -> None:
    """Write a capture as one of an address, whose window is 4.1 s long."""
    window = msgspec.structs.replace(capture.window, ended_s=START_S + 4.1)
    made = msgspec.structs.replace(
        capture, process=None, address=ADDRESS, recording=None, window=window, **changed
    )
    durable.write_atomic(home / CAPTURE_FILE, coding.encode(made, indent=2))


def fetched(kind: str, fetches: Sequence[Fetch]) -> tuple[str, bytes]:
    """An index of a collector called like its kind, with its artifact's kind."""
    return FETCHES_KIND, coding.encode(Fetches(collector=kind, kind=kind, fetches=tuple(fetches)))


def fetch(what: str, path: str, begun_s: float, ended_s: float, size_bytes: int, **said: object) -> Fetch:
    """A request and its answer, at times after the window's start."""
    return Fetch(
        what=what,
        path=path,
        url=f"http://{ADDRESS}/debug/pprof/{what}",
        started_s=START_S + begun_s,
        ended_s=START_S + ended_s,
        status=200 if path else 404,
        size_bytes=size_bytes,
        whole=bool(path),
        **said,  # type: ignore[arg-type]
    )
