"""What says no to a capture, and why."""
