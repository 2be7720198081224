//go:build go1.25

package main

import (
	"net/http"
	"runtime/trace"
)

// flightRecorder serves what the recorder of the execution tracer holds.
func flightRecorder() http.HandlerFunc {
	recorder := trace.NewFlightRecorder(trace.FlightRecorderConfig{MaxBytes: 1 << 20})
	must(recorder.Start())
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/octet-stream")
		if _, err := recorder.WriteTo(w); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	}
}
