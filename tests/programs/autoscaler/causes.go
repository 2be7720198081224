package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"time"
)

func init() {
	for name, stall := range map[string]func(*autoscaler){
		"backoff":  (*autoscaler).listGroupsWithRetry,
		"child":    (*autoscaler).runPlugin,
		"deadlock": (*autoscaler).rebalance,
		"disk":     (*autoscaler).saveState,
		"dns":      (*autoscaler).resolveProvider,
		"fanout":   (*autoscaler).refreshAllGroups,
		"json":     (*autoscaler).publishStatus,
		"logpipe":  (*autoscaler).reportDecisions,
		"regexp":   (*autoscaler).matchTaints,
		"sleep":    (*autoscaler).waitToSettle,
		"tls":      (*autoscaler).dialWebhook,
	} {
		stalls[name] = stall
	}
}

// until does it again and again until the stall is over.
func (a *autoscaler) until(do func()) {
	for {
		select {
		case <-a.release:
			return
		default:
			do()
		}
	}
}

// released is done when the stall is over.
func (a *autoscaler) released() context.Context {
	done, cancel := context.WithCancel(context.Background())
	go func() {
		<-a.release
		cancel()
	}()
	return done
}

// listGroupsWithRetry is throttled, and sleeps before it tries again.
func (a *autoscaler) listGroupsWithRetry() {
	a.until(func() {
		a.klog("aws_manager.go:77", "429 Too Many Requests, backing off")
		time.Sleep(200 * time.Millisecond)
	})
}

// waitToSettle sleeps, for no reason that a stack could tell.
func (a *autoscaler) waitToSettle() {
	a.until(func() { time.Sleep(200 * time.Millisecond) })
}

// resolveProvider asks a name server that never answers.
func (a *autoscaler) resolveProvider() {
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	must(err)
	defer server.Close()
	resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", server.LocalAddr().String())
	}}
	done := a.released()
	for done.Err() == nil {
		resolver.LookupHost(done, "cloud.example.")
	}
}

// dialWebhook waits for the server's part of a handshake.
func (a *autoscaler) dialWebhook() {
	client := http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, TLSHandshakeTimeout: time.Hour}}
	request, err := http.NewRequestWithContext(a.released(), http.MethodGet, "https://"+a.deaf+"/", nil)
	must(err)
	if response, err := client.Do(request); err == nil {
		response.Body.Close()
	}
}

// saveState writes a lot, and has it made durable.
func (a *autoscaler) saveState() {
	file, err := os.CreateTemp("", "autoscaler-*")
	must(err)
	defer os.Remove(file.Name())
	defer file.Close()
	data := make([]byte, 32<<20)
	a.until(func() {
		_, err := file.WriteAt(data, 0)
		must(err)
		must(file.Sync())
	})
}

// runPlugin waits for a child.
func (a *autoscaler) runPlugin() {
	must(ignored(exec.CommandContext(a.released(), "sleep", "3600").Run()))
}

func ignored(error) error { return nil }

// publishStatus encodes something huge.
func (a *autoscaler) publishStatus() {
	status := map[string][]int{}
	for i := 0; i < 2000; i++ {
		status[fmt.Sprint("group-", i)] = make([]int, 100)
	}
	encoder := json.NewEncoder(io.Discard)
	a.until(func() { must(encoder.Encode(status)) })
}

// matchTaints matches an expression with much to try.
func (a *autoscaler) matchTaints() {
	expression := regexp.MustCompile(`(\w+\s*)*(node|pool|group){1,20}-(\d+[a-z]?)+$`)
	text := strings.Repeat("node-1a pool-2b group-3c ", 400)
	a.until(func() { expression.MatchString(text) })
}

// reportDecisions logs to a pipe that nobody reads.
func (a *autoscaler) reportDecisions() {
	read, write, err := os.Pipe()
	must(err)
	go func() {
		<-a.release
		read.Close()
	}()
	logger := log.New(write, "", log.LstdFlags)
	for logger.Output(2, strings.Repeat("decided ", 1000)) == nil {
	}
	write.Close()
}

// refreshAllGroups waits for goroutines that wait for a server.
func (a *autoscaler) refreshAllGroups() {
	done := a.released()
	var all sync.WaitGroup
	for i := 0; i < 3; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			request, err := http.NewRequestWithContext(done, http.MethodGet, fmt.Sprintf("http://%s/groups/%d", a.deaf, i), nil)
			must(err)
			if response, err := http.DefaultClient.Do(request); err == nil {
				response.Body.Close()
			}
		}()
	}
	all.Wait()
}

// rebalance takes two locks in one order, another goroutine in the other; it never ends.
func (a *autoscaler) rebalance() {
	var nodes, pods sync.Mutex
	var both sync.WaitGroup
	both.Add(2)
	go func() {
		pods.Lock()
		both.Done()
		both.Wait()
		nodes.Lock()
	}()
	nodes.Lock()
	both.Done()
	both.Wait()
	pods.Lock()
}
