"""What an object in a bucket says of itself, within what headers may hold."""

import re
from urllib.parse import quote

from model.artifacts import Artifact
from model.events import PlanName
from model.manifest import Manifest

_LONGEST_BYTES = 2048  # what S3 allows, names and values together; Google allows more
_LONGEST_SIGNATURE = 128  # letters; ours are far shorter
_PLAIN = "!#$&'()*+,/:;=?@[]"
_ODD = re.compile(r"[^a-z0-9-]")


def metadata(manifest: Manifest, artifact: Artifact) -> dict[str, str]:
    """The object's metadata; labels that are too much for the headers are left out, the last first."""
    found = {
        "loopcam-id": quote(manifest.id, _PLAIN),
        "loopcam-target": quote(manifest.capture.target, _PLAIN),
        "loopcam-revision": str(manifest.revision),
        "loopcam-sha256": artifact.sha256,
    }
    if manifest.capture.trigger.plan is PlanName.DRILL:
        found["loopcam-drill"] = "true"
    if (verdict := manifest.verdict) is not None:
        found["loopcam-cause"] = verdict.cause
        found["loopcam-confidence"] = verdict.confidence
        if verdict.signature:
            found["loopcam-signature"] = quote(verdict.signature[:_LONGEST_SIGNATURE], _PLAIN)
    left_bytes = _LONGEST_BYTES - sum(len(name) + len(value) for name, value in found.items())
    for label, text in sorted(manifest.capture.labels.items()):
        name, value = f"loopcam-label-{_ODD.sub('-', label.lower())}", quote(text, _PLAIN)
        left_bytes -= len(name) + len(value)
        if left_bytes >= 0:
            found.setdefault(name, value)
    return found
