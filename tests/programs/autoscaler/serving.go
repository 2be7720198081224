package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/pprof"
	"runtime"
	"strconv"
	"sync"
	"time"
)

func handler(a *autoscaler) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/metrics", a.metrics)
	mux.HandleFunc("/health-check", a.healthCheck)
	mux.HandleFunc("/command", a.command)
	if *configz {
		mux.HandleFunc("/configz", serveConfigz)
	}
	if *snapshots {
		mux.HandleFunc("/snapshotz", a.snapshot.serve)
	}
	if *profiling {
		mux.HandleFunc("/debug/pprof/", pprof.Index)
		mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
		mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	}
	if *flight {
		mux.HandleFunc("/debug/flight/snapshot", flightRecorder())
	}
	return mux
}

func (a *autoscaler) command(w http.ResponseWriter, r *http.Request) {
	if err := a.obey(r.FormValue("line")); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
}

// metrics are in Cluster Autoscaler's form: the last start in whole seconds, the count when it ends.
func (a *autoscaler) metrics(w http.ResponseWriter, _ *http.Request) {
	a.lock.Lock()
	started, succeeded, count, sum := a.started, a.succeeded, a.count, a.sum
	a.lock.Unlock()
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	fmt.Fprintln(w, "# HELP cluster_autoscaler_function_duration_seconds [ALPHA] Time taken by various parts of CA main loop.")
	fmt.Fprintln(w, "# TYPE cluster_autoscaler_function_duration_seconds histogram")
	if count > 0 {
		const function = `cluster_autoscaler_function_duration_seconds_%s{function="main"%s} %s` + "\n"
		fmt.Fprintf(w, function, "bucket", `,le="+Inf"`, strconv.Itoa(count))
		fmt.Fprintf(w, function, "sum", "", number(sum.Seconds()))
		fmt.Fprintf(w, function, "count", "", strconv.Itoa(count))
	}
	fmt.Fprintln(w, "# HELP cluster_autoscaler_last_activity [ALPHA] Last time certain part of CA logic executed.")
	fmt.Fprintln(w, "# TYPE cluster_autoscaler_last_activity gauge")
	activity(w, "main", started)
	activity(w, "mainSuccessful", succeeded)
	fmt.Fprintln(w, "# HELP go_goroutines Number of goroutines that currently exist.")
	fmt.Fprintln(w, "# TYPE go_goroutines gauge")
	fmt.Fprintf(w, "go_goroutines %d\n", runtime.NumGoroutine())
}

func activity(w http.ResponseWriter, name string, at time.Time) {
	if !at.IsZero() {
		fmt.Fprintf(w, "cluster_autoscaler_last_activity{activity=%q} %s\n", name, number(float64(at.Unix())))
	}
}

func number(value float64) string {
	return strconv.FormatFloat(value, 'g', -1, 64)
}

func (a *autoscaler) healthCheck(w http.ResponseWriter, _ *http.Request) {
	a.lock.Lock()
	defer a.lock.Unlock()
	activity, success := time.Since(a.started), time.Since(a.succeeded)
	if !a.started.IsZero() && activity > *inactivity {
		said := fmt.Sprintf("Error: last activity more %v ago, last success more than %v ago", activity, success)
		http.Error(w, said, http.StatusInternalServerError)
		return
	}
	fmt.Fprint(w, "OK")
}

func serveConfigz(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]any{"autoscaler": map[string]any{"scanInterval": interval.String()}})
}

// snapshotter serves /snapshotz as Cluster Autoscaler does: a request waits for the next iteration, from its
// start to its end, and a second request is refused meanwhile.
type snapshotter struct {
	lock    sync.Mutex
	waiting chan struct{} // closed at the iteration's end; nil while nobody asks
	begun   bool
}

func (s *snapshotter) started() {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.begun = s.waiting != nil
}

func (s *snapshotter) ended() {
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.begun && s.waiting != nil {
		close(s.waiting)
		s.waiting = nil
	}
	s.begun = false
}

func (s *snapshotter) serve(w http.ResponseWriter, r *http.Request) {
	s.lock.Lock()
	if s.waiting != nil {
		s.lock.Unlock()
		said := "Another debugging snapshot request is being processed. Concurrent requests not supported"
		http.Error(w, said, http.StatusTooManyRequests)
		return
	}
	mine := make(chan struct{})
	s.waiting = mine
	s.lock.Unlock()
	select {
	case <-mine:
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(map[string]any{"NodeList": []string{}, "EndTimestamp": time.Now()})
	case <-r.Context().Done():
		s.lock.Lock()
		if s.waiting == mine {
			s.waiting = nil
		}
		s.lock.Unlock()
	}
}
