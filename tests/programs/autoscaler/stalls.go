package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime/debug"
	"syscall"
)

// stalls are the ways in which an iteration can hang until it is released.
var stalls = map[string]func(*autoscaler){
	"cpu":     (*autoscaler).estimateExpansion,
	"gc":      (*autoscaler).rebuildSnapshot,
	"mutex":   (*autoscaler).refreshNodeGroups,
	"channel": (*autoscaler).waitForCloudProvider,
	"http":    (*autoscaler).fetchInstanceTypes,
	"syscall": (*autoscaler).readInstanceFile,
}

// estimateExpansion spends its time in binpackingScore.
func (a *autoscaler) estimateExpansion() {
	for seed := uint64(1); ; seed++ {
		select {
		case <-a.release:
			return
		default:
			binpackingScore(seed)
		}
	}
}

//go:noinline
func binpackingScore(seed uint64) uint64 {
	for i := 0; i < 1_000_000; i++ {
		seed = seed*6364136223846793005 + 1442695040888963407
	}
	return seed
}

type node struct {
	pods [8]*node
	name string
}

// rebuildSnapshot allocates trees as fast as it can, with little room; it holds a few of them at a time.
func (a *autoscaler) rebuildSnapshot() {
	defer debug.SetGCPercent(debug.SetGCPercent(10))
	var held [8]*node
	for i := 0; ; i++ {
		select {
		case <-a.release:
			return
		default:
			held[i%len(held)] = copyTree(5)
		}
	}
}

func copyTree(depth int) *node {
	tree := &node{name: fmt.Sprint("node-", depth)}
	for i := range tree.pods {
		if depth > 1 {
			tree.pods[i] = copyTree(depth - 1)
		}
	}
	return tree
}

// refreshNodeGroups waits for a lock that another goroutine holds.
func (a *autoscaler) refreshNodeGroups() {
	held := make(chan struct{})
	go a.regenerateCache(held)
	<-held
	a.cache.Lock()
	defer a.cache.Unlock()
}

func (a *autoscaler) regenerateCache(held chan<- struct{}) {
	a.cache.Lock()
	defer a.cache.Unlock()
	close(held)
	<-a.release
}

// waitForCloudProvider waits for a message.
func (a *autoscaler) waitForCloudProvider() {
	answers := make(chan struct{})
	go func() {
		<-a.release
		close(answers)
	}()
	<-answers
}

// fetchInstanceTypes waits for a server that never answers.
func (a *autoscaler) fetchInstanceTypes() {
	request, err := http.NewRequest(http.MethodGet, "http://"+a.deaf+"/instance-types", nil)
	must(err)
	abandon := make(chan struct{})
	request.Cancel = abandon
	go func() {
		<-a.release
		close(abandon)
	}()
	if response, err := http.DefaultClient.Do(request); err == nil {
		response.Body.Close()
	}
}

// readInstanceFile is in a system call that blocks its thread.
func (a *autoscaler) readInstanceFile() {
	var ends [2]int
	must(syscall.Pipe(ends[:]))
	go func() {
		<-a.release
		syscall.Close(ends[1])
	}()
	read, err := syscall.Read(ends[0], make([]byte, 1))
	if err != nil || read != 0 {
		must(fmt.Errorf("read %d bytes: %v", read, err))
	}
	syscall.Close(ends[0])
}

// describeInstance is one of many requests that hang.
func describeInstance(deaf string, number int) {
	response, err := http.Get(fmt.Sprintf("http://%s/instances/%d", deaf, number))
	if err == nil {
		io.Copy(io.Discard, response.Body)
	}
}

// deafServer accepts connections and never reads; it gives its address.
func deafServer() string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	go func() {
		var accepted []net.Conn
		for {
			connection, err := listener.Accept()
			must(err)
			accepted = append(accepted, connection)
		}
	}()
	return listener.Addr().String()
}
