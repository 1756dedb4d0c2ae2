// Package gopeer is what the peers written in Go share: how they talk to the bench, the orders and the ticks.
package gopeer

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
)

type memory struct {
	RssBytes int64 `json:"rssBytes"`
	// How much the program's own objects take: what Node calls heapUsed.
	HeapBytes int64 `json:"heapBytes"`
}

// Listen opens a port for this machine only.
func Listen() net.Listener {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		Fail(err)
	}
	return listener
}

// Announce prints the address of the peer for the bench, then answers commands on standard input and ends the process
// when that ends.
func Announce(listener net.Listener) {
	fmt.Printf("LISTENING %d\n", listener.Addr().(*net.TCPAddr).Port)
	go func() {
		lines := bufio.NewScanner(os.Stdin)
		for lines.Scan() {
			if lines.Text() == "memory" {
				answer, _ := json.Marshal(measureMemory())
				fmt.Printf("MEMORY %s\n", answer)
			}
		}
		os.Exit(0)
	}()
}

// Fail ends the process with the reason on standard error.
func Fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func measureMemory() memory {
	runtime.GC()
	debug.FreeOSMemory()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return memory{RssBytes: residentBytes(), HeapBytes: int64(stats.HeapAlloc)}
}

func residentBytes() int64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text))
	pages, _ := strconv.ParseInt(fields[1], 10, 64)
	return pages * int64(os.Getpagesize())
}
