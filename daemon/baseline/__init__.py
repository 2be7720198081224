"""What healthy iterations are like: how long they take, and samples of them for the renderer to fold."""
