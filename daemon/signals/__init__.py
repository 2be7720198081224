"""Host signals before any trigger: one timer reads those of all targets."""
