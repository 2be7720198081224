"""Targets: who they are, where they are, and how they come and go."""
