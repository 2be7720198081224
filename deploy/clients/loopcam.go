//go:build unix

// Package loopcam tells loopcam where a loop is. One file without dependencies: copy it into a folder of its own.
//
//	cam := loopcam.New("", "") // socket from LOOPCAM_SOCKET, target from LOOPCAM_TARGET
//	for {
//		end := cam.Iteration("") // or cam.Start("17") ... cam.End("17")
//		reconcile()
//		end()
//	}
//
// It never waits, returns no error and logs nothing, whether somebody listens or not, so it may be called anywhere and by
// several goroutines. Without LOOPCAM_SOCKET it does nothing. While nobody listens it looks again once a second, and
// events in between are lost. Events that find the daemon's queue full are kept, and a goroutine that lives only as long
// sends them within milliseconds of there being room, in their order; it gives up 5 s after the last one. Of too many,
// whole old iterations go first, and the last event never.
package loopcam

import (
	"bytes"
	"os"
	"sync"
	"syscall"
	"time"
)

const (
	quiet    = time.Second
	mostKept = 64
	again    = 20 * time.Millisecond
	patience = 5 * time.Second
)

// Cam is one loop of one target. Iterations may have names, which tell late and lost events apart; "" is none.
type Cam struct {
	target string
	to     *syscall.SockaddrUnix // nil: nobody is told

	mutex      sync.Mutex
	socket     int // below 0: not open
	quietUntil time.Time
	kept       [][]byte
	keptUntil  time.Time
	flushing   bool
}

// New makes a Cam; what is empty comes from LOOPCAM_SOCKET and LOOPCAM_TARGET.
func New(path, target string) *Cam {
	if path == "" {
		path = os.Getenv("LOOPCAM_SOCKET")
	}
	if target == "" {
		target = os.Getenv("LOOPCAM_TARGET")
	}
	cam := &Cam{target: target, socket: -1}
	if path != "" {
		cam.to = &syscall.SockaddrUnix{Name: path}
	}
	return cam
}

// Start tells that an iteration starts.
func (cam *Cam) Start(iteration string) { cam.send("start", iteration) }

// End tells that it has ended.
func (cam *Cam) End(iteration string) { cam.send("end", iteration) }

// Beat tells that one turn of the loop is over and the next begins (mode beat).
func (cam *Cam) Beat(iteration string) { cam.send("beat", iteration) }

// Idle tells that nothing is due: on standby, or no longer the leader.
func (cam *Cam) Idle(iteration string) { cam.send("idle", iteration) }

// Iteration tells its start, and returns what tells its end: defer cam.Iteration("")().
func (cam *Cam) Iteration(iteration string) func() {
	cam.Start(iteration)
	return func() { cam.End(iteration) }
}

func (cam *Cam) send(event, iteration string) {
	if cam == nil || cam.to == nil {
		return
	}
	cam.mutex.Lock()
	defer cam.mutex.Unlock()
	if !cam.quietUntil.IsZero() && time.Now().Before(cam.quietUntil) {
		return
	}
	message := make([]byte, 0, 64)
	message = append(message, event...)
	if cam.target != "" || iteration != "" {
		message = append(append(message, ' '), cam.target...)
	}
	if iteration != "" {
		message = append(append(message, ' '), iteration...)
	}
	if cam.socket < 0 && !cam.connect() {
		cam.giveUp()
		return
	}
	cam.kept = append(cam.kept, message)
	cam.sendOrKeep()
	if len(cam.kept) > 0 {
		cam.keptUntil = time.Now().Add(patience)
		if !cam.flushing {
			cam.flushing = true
			go cam.flush()
		}
	}
}

// flush sends what is kept, and ends with it.
func (cam *Cam) flush() {
	for more := true; more; {
		time.Sleep(again)
		more = cam.flushOnce()
	}
}

func (cam *Cam) flushOnce() bool {
	cam.mutex.Lock()
	defer cam.mutex.Unlock()
	if len(cam.kept) > 0 && time.Now().Before(cam.keptUntil) {
		cam.sendOrKeep()
	} else {
		cam.kept = cam.kept[:0]
	}
	cam.flushing = len(cam.kept) > 0
	return cam.flushing
}

func (cam *Cam) sendOrKeep() {
	err := cam.sendKept()
	if err != nil && !full(err) { // the daemon has ended; one that has started anew knows nothing of what was: the last one will do
		cam.kept = append(cam.kept[:0], cam.kept[len(cam.kept)-1])
		if !cam.connect() {
			cam.giveUp()
			return
		}
		err = cam.sendKept()
	}
	if err != nil && !full(err) {
		cam.giveUp()
	}
	for len(cam.kept) > mostKept {
		cam.drop()
	}
}

func full(err error) bool { return err == syscall.EAGAIN || err == syscall.ENOBUFS }

// drop drops the oldest iteration that is kept whole; else the oldest event but an end; never the last event.
func (cam *Cam) drop() {
	starts := map[string]int{}
	other := -1
	for index, message := range cam.kept[:len(cam.kept)-1] {
		event, whose, _ := bytes.Cut(message, []byte(" "))
		switch start, whole := starts[string(whose)]; string(event) {
		case "end":
			if whole {
				cam.remove(index)
				cam.remove(start)
				return
			}
			continue
		case "start":
			if !whole {
				starts[string(whose)] = index
			}
		}
		if other < 0 {
			other = index
		}
	}
	if other < 0 {
		other = 0
	}
	cam.remove(other)
}

func (cam *Cam) remove(index int) { cam.kept = append(cam.kept[:index], cam.kept[index+1:]...) }

func (cam *Cam) sendKept() error {
	for len(cam.kept) > 0 {
		if _, err := syscall.Write(cam.socket, cam.kept[0]); err == syscall.EINTR {
			continue
		} else if err != nil {
			return err
		}
		cam.remove(0)
	}
	return nil
}

func (cam *Cam) connect() bool {
	cam.disconnect()
	syscall.ForkLock.RLock() // so that no child inherits it
	socket, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_DGRAM, 0)
	if err == nil {
		syscall.CloseOnExec(socket)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return false
	}
	cam.socket = socket
	return syscall.SetNonblock(socket, true) == nil && syscall.Connect(socket, cam.to) == nil
}

func (cam *Cam) disconnect() {
	if cam.socket >= 0 {
		syscall.Close(cam.socket)
		cam.socket = -1
	}
}

func (cam *Cam) giveUp() {
	cam.quietUntil = time.Now().Add(quiet)
	cam.kept = cam.kept[:0]
	cam.disconnect()
}
