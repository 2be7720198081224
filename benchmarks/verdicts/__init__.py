"""Whether verdicts are right: every stall of the demonstration, several times, under a real daemon."""
