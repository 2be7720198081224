"""Figures, each beside its comparison in the same run. Never a timed test, never an assertion."""
