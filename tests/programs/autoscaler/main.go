// A Go autoscaler for tests: a loop with the log lines, metrics and endpoints of Cluster Autoscaler, that
// stalls when it is told to. Commands come on standard input, or as POST /command?line=...:
//
//	stall KIND   the next iteration stalls: cpu, gc, mutex, channel, http, syscall (see stalls.go)
//	go           the stall is over
//	lead         a standby replica begins to loop
//	exit         end at once
//
// It says `ready`, then HOST:PORT of its HTTP, then `stalled KIND` and `done` for each iteration that stalled.
// The end of its standard input ends it.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"time"
)

var (
	address    = flag.String("address", "127.0.0.1:0", "where to serve")
	blocked    = flag.Int("blocked", 0, "goroutines that wait for an answer that never comes")
	configz    = flag.Bool("configz", true, "serve /configz")
	contention = flag.Bool("contention-profiling", true, "fill the mutex and block profiles")
	flight     = flag.Bool("flight-recorder", false, "serve /debug/flight/snapshot")
	inactivity = flag.Duration("max-inactivity", 10*time.Minute, "when /health-check fails")
	interval   = flag.Duration("scan-interval", time.Second, "the pause between two iterations")
	logFile    = flag.String("log", "", "where to log, in place of standard error")
	longFrom   = flag.Duration("log-long", 5*time.Second, "iterations longer than this are logged when they end")
	profiling  = flag.Bool("profiling", true, "serve /debug/pprof")
	snapshots  = flag.Bool("debugging-snapshot-enabled", false, "serve /snapshotz")
	standby    = flag.Bool("standby", false, "do not loop before the command lead")
	writing    = flag.Duration("write-timeout", 0, "the server's WriteTimeout")
)

func main() {
	flag.Parse()
	if *contention {
		runtime.SetBlockProfileRate(1)
		runtime.SetMutexProfileFraction(1)
	}
	logger := log.New(logOutput(), "", 0)
	scaler := newAutoscaler(logger)
	listener, err := net.Listen("tcp", *address)
	must(err)
	server := &http.Server{Handler: handler(scaler), WriteTimeout: *writing}
	go func() { must(server.Serve(listener)) }()
	for i := 0; i < *blocked; i++ {
		go describeInstance(scaler.deaf, i)
	}
	if !*standby {
		scaler.lead()
	}
	fmt.Printf("ready\n%s\n", listener.Addr())
	commands := bufio.NewScanner(os.Stdin)
	for commands.Scan() {
		must(scaler.obey(commands.Text()))
	}
}

func logOutput() io.Writer {
	if *logFile == "" {
		return os.Stderr
	}
	file, err := os.OpenFile(*logFile, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	must(err)
	return file
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// obey does what a line says.
func (a *autoscaler) obey(line string) error {
	words := strings.Fields(line)
	switch {
	case len(words) == 2 && words[0] == "stall" && stalls[words[1]] != nil:
		a.next <- words[1]
	case line == "go":
		a.release <- struct{}{}
	case line == "lead":
		a.lead()
	case line == "exit":
		os.Exit(0)
	default:
		return fmt.Errorf("no such command: %q", line)
	}
	return nil
}
