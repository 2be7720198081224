"""What a configuration would have made of a recorded log."""
