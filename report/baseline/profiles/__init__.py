"""Profiles of any kind as calls: reports, and files of ours and of other profilers."""
