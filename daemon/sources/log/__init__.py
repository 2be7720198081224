"""The source `log`: what a target writes about its loop, wherever it writes it."""
