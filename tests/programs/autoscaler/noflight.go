//go:build !go1.25

package main

import "net/http"

// flightRecorder says that this Go has none: it came with Go 1.25.
func flightRecorder() http.HandlerFunc {
	return http.NotFound
}
