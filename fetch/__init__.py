"""Bounded HTTP requests to a target: what sources and collectors ask of it."""
