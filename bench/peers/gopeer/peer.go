// Package gopeer has the shared parts of the peers in Go: the driver protocol, orders, ticks and files.
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
	// The memory of the program's objects, which Node calls heapUsed.
	HeapBytes int64 `json:"heapBytes"`
}

// Listen opens a port on the loopback interface.
func Listen() net.Listener {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		Fail(err)
	}
	return listener
}

// Announce prints the port for the benchmark driver, then handles commands on standard input. It ends the process when
// standard input closes.
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

// Fail prints the error to standard error, and ends the process.
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
