package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// A meter measures how busy a process was. Linux counts, for each thread, the nanoseconds that it ran and those that it
// waited for a core.
type meter struct {
	server, self usage
	at           time.Time
}

type usage struct{ ran, waited time.Duration }

// A span is what happened between two readings.
type span struct {
	Seconds float64 `json:"seconds"`
	// How many operations there were.
	Operations float64 `json:"operations"`
	// Processor time of the server.
	ServerSeconds float64 `json:"serverSeconds"`
	// The share of the time in which the server, and this client, ran or were ready to run.
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

// and is both spans together.
func (s span) and(other span) span {
	return span{
		Seconds:       s.Seconds + other.Seconds,
		Operations:    s.Operations + other.Operations,
		ServerSeconds: s.ServerSeconds + other.ServerSeconds,
		ServerBusy:    max(s.ServerBusy, other.ServerBusy),
		ClientBusy:    max(s.ClientBusy, other.ClientBusy),
	}
}

// busy is at most 1: threads of a process wait at the same time.
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
