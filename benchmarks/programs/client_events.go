// Tells events with the Go client and prints what one costs, in microseconds.
package main

import (
	"fmt"
	"os"
	"sort"
	"strconv"
	"time"

	"example.com/benchmark/loopcam"
)

func main() {
	cam := loopcam.New("", "")
	batches, _ := strconv.Atoi(os.Args[1])
	costs := make([]float64, 0, batches)
	for i := 0; i < batches; i++ {
		started := time.Now()
		cam.Start("")
		cam.End("")
		cam.Start("")
		cam.End("")
		costs = append(costs, float64(time.Since(started).Nanoseconds())/4e3)
		for time.Since(started) < time.Millisecond { // without sleep, after which a core has to warm up
		}
	}
	sort.Float64s(costs)
	fmt.Println(costs[len(costs)/2])
}
