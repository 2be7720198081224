"""Watching loops: what events add up to, and when an iteration overruns. All pure, but for the one timer."""
