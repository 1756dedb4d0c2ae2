package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// A meter measures how busy the server and this client are. Linux counts, for each thread, the nanoseconds for which it
// ran, and those for which it waited for a core.
type meter struct {
	server, self usage
	at           time.Time
}

type usage struct{ ran, waited time.Duration }

// A span is the difference between two readings.
type span struct {
	Seconds float64 `json:"seconds"`
	// The number of operations.
	Operations float64 `json:"operations"`
	// Processor time of the server.
	ServerSeconds float64 `json:"serverSeconds"`
	// The shares of the time in which the server and this client ran or were ready to run.
	ServerBusy float64 `json:"serverBusy"`
	ClientBusy float64 `json:"clientBusy"`
}

func startMeter(pid int) meter {
	return meter{server: usageOf(pid), self: usageOf(os.Getpid()), at: time.Now()}
}

func (m meter) stop(pid int, operations float64) span {
	now := startMeter(pid)
	seconds := now.at.Sub(m.at).Seconds()
	return span{
		Seconds:       seconds,
		Operations:    operations,
		ServerSeconds: (now.server.ran - m.server.ran).Seconds(),
		ServerBusy:    busy(m.server, now.server, seconds),
		ClientBusy:    busy(m.self, now.self, seconds),
	}
}

// and returns the sum of both spans.
func (s span) and(other span) span {
	return span{
		Seconds:       s.Seconds + other.Seconds,
		Operations:    s.Operations + other.Operations,
		ServerSeconds: s.ServerSeconds + other.ServerSeconds,
		ServerBusy:    max(s.ServerBusy, other.ServerBusy),
		ClientBusy:    max(s.ClientBusy, other.ClientBusy),
	}
}

// busy returns at most 1. The sum can be larger, because threads of a process wait at the same time.
func busy(from, to usage, seconds float64) float64 {
	return min(1, (to.ran-from.ran+to.waited-from.waited).Seconds()/seconds)
}

func usageOf(pid int) (sum usage) {
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	for _, thread := range threads {
		text, err := os.ReadFile(thread)
		if err != nil {
			continue
		}
		fields := strings.Fields(string(text))
		if len(fields) < 2 {
			continue
		}
		ran, _ := strconv.ParseInt(fields[0], 10, 64)
		waited, _ := strconv.ParseInt(fields[1], 10, 64)
		sum.ran += time.Duration(ran)
		sum.waited += time.Duration(waited)
	}
	return sum
}
