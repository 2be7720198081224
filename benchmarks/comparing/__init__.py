"""Two commits, measured in turn."""
