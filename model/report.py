"""A finished report as a sink and a reader see it: a directory and its manifest."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from model.artifacts import Artifact
from model.manifest import Manifest

CAPTURE_FILE = "capture.json"
EVIDENCE_DIR = "evidence"
MANIFEST_FILE = "manifest.json"
MANIFEST_MEDIA_TYPE = "application/json"


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A report in a local directory."""

    directory: Path
    manifest: Manifest

    def files(self) -> Iterator[tuple[Path, Artifact]]:
        """Every listed file but the manifest itself, which a sink stores last."""
        for artifact in self.manifest.artifacts:
            yield self.directory / artifact.path, artifact

    @property
    def manifest_file(self) -> Path:
        """The file that makes the report whole where it is stored."""
        return self.directory / MANIFEST_FILE


def location(target: str, report_id: str) -> str:
    """TARGET/YYYY/MM/DD/ID, where the day stands at the start of the id (`20261121T085811Z-...`)."""
    return f"{target}/{report_id[0:4]}/{report_id[4:6]}/{report_id[6:8]}/{report_id}"
