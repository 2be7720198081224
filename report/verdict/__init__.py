"""The verdict: why an iteration was slow, in words, with the evidence for it."""

from report.verdict.engine import judge

__all__ = ["judge"]
