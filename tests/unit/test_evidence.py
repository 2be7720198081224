"""What evidence is, by the names of its files: as an adopted capture is described."""

from pathlib import Path

import pytest

from daemon.evidence import artifact

BYTES = "application/octet-stream"


@pytest.mark.parametrize(
    ("name", "kind", "media_type"),
    [
        ("pyspy-000.dump.json", "dump", "application/json"),
        ("pyspy-000.states.json", "thread_states", "application/json"),
        ("pyspy-001.trace.json", "segment", "application/json"),
        ("austin-001.mojo", "segment", BYTES),
        ("pprof.fetches.json", "fetches", "application/json"),
        ("pprof-goroutines-000.txt", "goroutine_dump", "text/plain"),
        ("pprof-goroutines.pb.gz", "pprof_goroutines", BYTES),
        ("pprof-cpu-012.pb.gz", "pprof_cpu", BYTES),
        ("pprof-heap.pb.gz", "pprof_heap", BYTES),
        ("pprof-allocs.pb.gz", "pprof_allocs", BYTES),
        ("pprof-mutex.pb.gz", "pprof_mutex", BYTES),
        ("pprof-block.pb.gz", "pprof_block", BYTES),
        ("pprof-trace.out", "go_trace", BYTES),
        ("metrics-trigger.txt", "http_response", "text/plain"),
        ("metrics-end.txt", "http_response", "text/plain"),
        ("snapshot-trigger.json", "http_response", "application/json"),
        ("flight-end.bin", "http_response", BYTES),
        ("note.txt", "other", BYTES),
    ],
)
def test_a_name_says_the_kind(tmp_path: Path, name: str, kind: str, media_type: str) -> None:
    file = tmp_path / "evidence" / name
    file.parent.mkdir()
    file.write_bytes(b"x")
    found = artifact(tmp_path, file)
    assert (found.kind, found.media_type) == (kind, media_type)
