// A loop that stalls while its pprof is served: what the samples beside this file were recorded of.
//
//	go build -trimpath -o scaler main.go && ./scaler blocked   (or cpu)
package main

import (
	"fmt"
	"net"
	"net/http"
	_ "net/http/pprof"
	"os"
	"runtime"
	"sync"
	"time"
)

var (
	hidden  = map[string]func(){"blocked": fetchPrices, "cpu": func() { binpack(1 << 62) }}
	lock    sync.Mutex
	kept    [][]byte
	silence = listener() // accepts and never answers
)

func listener() net.Listener {
	found, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	return found
}

func fetchPrices() {
	answer, err := http.Get("http://" + silence.Addr().String() + "/prices")
	fmt.Println(answer, err)
}

//go:noinline
func binpack(pods int) (fits int) {
	for pod := 0; pod < pods; pod++ {
		fits += score(pod)
	}
	return fits
}

func score(pod int) int { return pod*pod%7 + pod%3 }

func refresh(cloud int) {
	http.Get(fmt.Sprintf("http://%s/cloud/%d", silence.Addr(), cloud))
}

func watch() {
	for {
		lock.Lock()
		kept = append(kept, make([]byte, 1<<15))
		if len(kept) > 64 {
			kept = kept[:32]
		}
		time.Sleep(5 * time.Millisecond)
		lock.Unlock()
	}
}

type autoscaler struct{ stall func() }

func (a *autoscaler) RunOnce() { a.stall() }

func main() {
	runtime.SetMutexProfileFraction(1)
	runtime.SetBlockProfileRate(1)
	pprof := listener()
	go http.Serve(pprof, nil)
	for cloud := range 5 {
		go refresh(cloud)
	}
	go watch()
	go watch()
	fmt.Println(pprof.Addr())
	(&autoscaler{hidden[os.Args[1]]}).RunOnce()
}
