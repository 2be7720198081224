"""The verdict on a Go program, from its goroutine dumps and CPU profiles."""
