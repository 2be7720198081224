"""What a release is made of: locked packages, an audit of them, bills of materials, files with their sums."""

from pathlib import Path

ROOT = Path(__file__).parent.parent
LOCKS = ROOT / "locks"
CONSTRAINTS = ROOT / "constraints.txt"
EXTRAS = ("austin", "gcs")
