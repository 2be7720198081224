"""Writes that survive a crash, and the hashes that prove it."""
