"""What an object says of itself: the verdict comes before labels, and all of it fits."""

from pathlib import Path

import msgspec

from model.manifest import Manifest
from model.verdict import Cause, Confidence, Verdict
from sinks.object_metadata import metadata
from tests.reports import finished_report


def manifest(folder: Path, labels: dict[str, str], signature: str = "dns-1a2b") -> Manifest:
    report = finished_report(folder, labels=labels)
    verdict = Verdict(
        cause=Cause.DNS, confidence=Confidence.LOW, sentence="…", score=0.5, signature=signature
    )
    return msgspec.structs.replace(report.manifest, verdict=verdict)


def test_cause_confidence_and_signature_are_there(tmp_path: Path) -> None:
    made = manifest(tmp_path, {"cluster": "prod"})
    found = metadata(made, made.artifacts[0])
    assert (found["loopcam-cause"], found["loopcam-confidence"]) == ("dns", "low")
    assert found["loopcam-signature"] == "dns-1a2b"
    assert found["loopcam-label-cluster"] == "prod"


def test_they_come_before_labels_and_all_fits_into_headers(tmp_path: Path) -> None:
    made = manifest(tmp_path, {f"l{number}": "x" * 250 for number in range(12)}, signature="ü" * 1000)
    found = metadata(made, made.artifacts[0])
    assert sum(len(name) + len(value) for name, value in found.items()) <= 2048
    assert found["loopcam-signature"]
    assert "".join(found.values()).isascii()


def test_without_a_verdict_nothing_is_said(tmp_path: Path) -> None:
    made = msgspec.structs.replace(manifest(tmp_path, {}), verdict=None)
    assert not {name for name in metadata(made, made.artifacts[0]) if "cause" in name or "signature" in name}
