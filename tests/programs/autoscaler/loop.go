package main

import (
	"fmt"
	"log"
	"os"
	"sync"
	"time"
)

// autoscaler is the loop, and what its endpoints tell of it.
type autoscaler struct {
	log     *log.Logger
	next    chan string   // the kind of the next stall
	release chan struct{} // ends the stall
	deaf    string        // the address of a server that never answers
	leading sync.Once

	cache     sync.Mutex // what the mutex stall is about
	snapshot  snapshotter
	lock      sync.Mutex
	started   time.Time // of the last iteration
	succeeded time.Time
	count     int
	sum       time.Duration
}

func newAutoscaler(logger *log.Logger) *autoscaler {
	return &autoscaler{
		log:     logger,
		next:    make(chan string, 16),
		release: make(chan struct{}, 16),
		deaf:    deafServer(),
	}
}

func (a *autoscaler) lead() {
	a.leading.Do(func() { go a.run() })
}

func (a *autoscaler) run() {
	for {
		a.runOnce()
		time.Sleep(*interval)
	}
}

// runOnce is one iteration; what it does and writes follows RunAutoscalerOnce of Cluster Autoscaler.
func (a *autoscaler) runOnce() {
	start := time.Now()
	a.lock.Lock()
	a.started = start
	a.lock.Unlock()
	a.klog("static_autoscaler.go:305", "Starting main loop")
	a.snapshot.started()
	stalled := a.scaleUp()
	a.klog("static_autoscaler.go:599", "Calculating unneeded nodes")
	a.snapshot.ended()
	took := time.Since(start)
	if took > *longFrom {
		a.klog("metrics.go:514", fmt.Sprintf("Function main took %v to complete", took))
	}
	a.lock.Lock()
	a.succeeded = time.Now()
	a.count++
	a.sum += took
	a.lock.Unlock()
	if stalled {
		fmt.Println("done")
	}
}

// scaleUp says whether it stalled.
func (a *autoscaler) scaleUp() bool {
	select {
	case kind := <-a.next:
		fmt.Println("stalled", kind)
		stalls[kind](a)
		return true
	default:
		a.klog("static_autoscaler.go:543", "No unschedulable pods")
		return false
	}
}

// klog writes a line in klog's form, which has neither a year nor a time zone.
func (a *autoscaler) klog(where, what string) {
	a.log.Printf("I%s %7d %s] %s", time.Now().Format("0102 15:04:05.000000"), os.Getpid(), where, what)
}
