"""A report as one gzip tar, the same bytes every time, the manifest last."""

import gzip
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import SpooledTemporaryFile
from typing import IO

from model.report import Report
from sinks.paths import files, manifest, open_file

MEDIA_TYPE = "application/gzip"
_IN_MEMORY_BYTES = 4 << 20


@contextmanager
def packed(report: Report) -> Iterator[tuple[IO[bytes], int]]:
    """The archive at its start, with its size; larger ones are in a temporary file beside the report."""
    with SpooledTemporaryFile(_IN_MEMORY_BYTES, dir=str(report.directory.parent)) as file:
        write(report, file)
        size_bytes = file.tell()
        file.seek(0)
        yield file, size_bytes


def write(report: Report, file: IO[bytes]) -> None:
    """Write the archive from its first byte to its last, bit by bit; raises SinkError at a damaged report."""
    with (
        gzip.GzipFile("", "wb", 6, file, mtime=0) as packer,
        tarfile.open(fileobj=packer, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        _fill(archive, report)


def _fill(archive: tarfile.TarFile, report: Report) -> None:
    for artifact in (*files(report), manifest(report)):
        entry = tarfile.TarInfo(f"{report.manifest.id}/{artifact.path}")
        entry.size, entry.mode = artifact.size_bytes, 0o600
        with open_file(report, artifact) as content:
            archive.addfile(entry, content)
