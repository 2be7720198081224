"""Reads a log file as it grows: through rotation, truncation and restarts, every line once."""
