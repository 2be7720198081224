"""What a report gets to know of healthy iterations of its target."""

from pathlib import Path

from model.history import History


class Healthy:
    """Nothing is known of any; `daemon/baseline` knows more."""

    def history(self, target: str) -> History | None:
        """What iterations of a target usually take."""
        return None

    def enclose(self, target: str, evidence: Path) -> None:
        """Put a target's baseline, if there is one, into the evidence of a capture; in a thread."""
