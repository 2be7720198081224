"""What a configuration would have made of a recorded log, or of a recorded history of metrics."""
