"""The dashcam: a ring of stacks and other evidence from before anything has overrun."""
