"""Stores reports in a folder, whole or not at all, and keeps as many as it may."""

import errno
import logging
import shutil
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from disk.durable import make_dir
from model.errors import SinkError
from model.report import MANIFEST_FILE, Report
from model.units import ByteSize, Seconds
from sinks import retention
from sinks.contract import Sink
from sinks.folders import folder, in_the_way, locked, swap_in, write_file
from sinks.paths import files, manifest, open_file, parts

_log = logging.getLogger(__name__)

_REMEDIES = {
    errno.ENOSPC: "free space there, or lower `keep`, `keep_for` or `max_bytes`",
    errno.EDQUOT: "raise the quota, or lower `keep`, `keep_for` or `max_bytes`",
    errno.EACCES: "let the user that loopcam runs as write there",
    errno.EPERM: "let the user that loopcam runs as write there",
    errno.EROFS: "mount it for writing, or set `path` to a writable folder",
}


class File(Sink, frozen=True, kw_only=True):
    """Stores reports as `PATH/TARGET/YYYY/MM/DD/ID/`, files for their owner only."""

    path: Annotated[Path, Meta(description="The folder; it is made when it is missing.")]
    keep: Annotated[
        int, Meta(ge=0, description="How many reports stay, of all targets together; 0 for all of them.")
    ] = 100
    keep_for: Annotated[
        Seconds | None, Meta(description="How long a report stays, counted from its capture.")
    ] = None
    max_bytes: Annotated[
        ByteSize | None, Meta(description="How much all reports together may take; the newest always stays.")
    ] = None

    def store(self, report: Report) -> str:
        """Store the report durably and return its folder; older reports beyond the limits go."""
        names = parts(report.manifest.path)
        place = self.path.joinpath(*names)
        try:
            make_dir(self.path, sync=True)
            with locked(self.path):
                self._tidy(spare=place)
                self._put(report, names)
                self._tidy(spare=place)
        except OSError as error:
            raise self._explained(error) from error
        return str(place)

    def _put(self, report: Report, names: tuple[str, ...]) -> None:
        *day, name = names
        new, place = retention.partial(name), self.path.joinpath(*names)
        with folder(self.path, day) as here:
            if place.is_symlink():
                raise in_the_way(self.path, name)
            if _holds(place, report):
                return
            try:
                self._write(report, (*day, new))
                swap_in(here, new, name, retention.aside(name))
            except BaseException:
                shutil.rmtree(new, ignore_errors=True, dir_fd=here)
                raise

    def _write(self, report: Report, names: tuple[str, ...]) -> None:
        for artifact in (*files(report), manifest(report)):
            *inner, name = parts(artifact.path)
            with folder(self.path, (*names, *inner)) as here, open_file(report, artifact) as content:
                write_file(here, name, content)

    def _tidy(self, spare: Path) -> None:
        limits = retention.Limits(count=self.keep, age_s=self.keep_for, size_bytes=self.max_bytes)
        try:
            retention.remove_leftovers(self.path)
            retention.retire(self.path, limits, spare=spare)
        except (
            OSError,
            SinkError,
        ) as error:  # what cannot be removed must not keep a report from being stored
            _log.warning("old reports below %s cannot be removed: %s", self.path, error)

    def _explained(self, error: OSError) -> SinkError:
        return SinkError(
            f"cannot store below {self.path}: {error.strerror or error}",
            retry=True,
            remedy=_REMEDIES.get(error.errno or 0, f"see what {self.path} is, and its disk"),
        )


def _holds(place: Path, report: Report) -> bool:
    """Whether this very revision is there, whole: then there is nothing to do."""
    with open_file(report, manifest(report)) as file:
        ours = file.read()
    try:
        return (place / MANIFEST_FILE).read_bytes() == ours and all(
            (place / artifact.path).stat().st_size == artifact.size_bytes
            for artifact in report.manifest.artifacts
        )
    except (FileNotFoundError, NotADirectoryError):
        return False
