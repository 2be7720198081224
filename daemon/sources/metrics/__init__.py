"""The source `metrics`: a few series of a target's Prometheus endpoint tell its iterations."""
