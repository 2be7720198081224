"""The forms in which series tell of a loop: each takes scrapes, and gives what happened in between."""
