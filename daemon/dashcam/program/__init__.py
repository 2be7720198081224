"""The dashcam of Go programs: goroutine dumps and metrics of an iteration that is slow, over HTTP."""
