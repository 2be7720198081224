"""Healthy iterations: folded into a bounded baseline, and what a stalled one is compared with."""
