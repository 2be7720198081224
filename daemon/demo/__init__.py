"""The demonstration: a small autoscaler that stalls, and a real daemon that watches it."""
