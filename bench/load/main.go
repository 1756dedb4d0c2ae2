// The load client of the bench: puts one work on one server and prints what it measured, as one line of JSON.
//
// It is the same for all peers. It speaks gRPC over HTTP/2 in plain text and runs on one core, and it checks all that
// it can check cheaply: that every message came, once and in order.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"time"
)

// The settings of one run.
type settings struct {
	address string
	pid     int
	size    int
	warm    time.Duration
	measure time.Duration
	// The server's fan-out: "hub" is QuoteService.WatchQuotes, "plain" is BenchService.Watch.
	watch string
}

// A result is what is printed.
type result struct {
	span
	// For works that measure it: milliseconds.
	DelayP50 float64 `json:"delayP50,omitempty"`
	DelayP99 float64 `json:"delayP99,omitempty"`
	// For works that have a pace: the share of the messages due that was delivered in time.
	Delivered float64 `json:"delivered,omitempty"`
	// For the work `stalled` only: how many times longer the delay was with a subscriber that does not read.
	Slowdown float64 `json:"slowdown,omitempty"`
}

var works = map[string]func(settings) (result, error){
	"export":        export,
	"upload":        upload,
	"pingpong":      pingPong,
	"unary":         unary,
	"idle":          idle,
	"fanout":        fanOut,
	"delay":         delay,
	"market":        market,
	"stalled":       stalled,
	"backlog":       backlog,
	"reconnect":     reconnect,
	"stored-export": storedExport,
	"stored-unary":  storedUnary,
	"submit":        submit,
	"store":         store,
	"chunks":        chunks,
	"floor":         floor,
	"socket":        socket,
	// The other end of it.
	socketServerWork: socketServer,
}

func main() {
	var with settings
	flag.StringVar(&with.address, "address", "", "where the server listens, as HOST:PORT")
	flag.IntVar(&with.pid, "pid", 0, "the server's process")
	flag.IntVar(&with.size, "size", 0, "messages, streams, calls or subscribers: what the work counts")
	flag.DurationVar(&with.warm, "warm", time.Second, "the duration of the warm-up")
	flag.DurationVar(&with.measure, "measure", 2*time.Second, "how long to measure")
	flag.StringVar(&with.watch, "watch", "plain", "which fan-out the server has: hub or plain")
	name := flag.String("work", "", "what to do")
	flag.Parse()
	runtime.GOMAXPROCS(1)
	debug.SetGCPercent(800)

	work, known := works[*name]
	if !known {
		fail(fmt.Errorf("there is no work %q", *name))
	}
	outcome, err := work(with)
	if err != nil {
		fail(err)
	}
	json.NewEncoder(os.Stdout).Encode(outcome)
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// How many times the measuring may take, where a machine that is busy with other things lets nothing happen meanwhile.
const maxWaits = 10

// measureRate measures the rate of the counter of a running work.
func measureRate(with settings, count func() int64, ended <-chan error) (result, error) {
	if err := wait(with.warm, ended); err != nil {
		return result{}, err
	}
	before := count()
	running := startMeter(with.pid)
	for range maxWaits {
		if err := wait(with.measure, ended); err != nil {
			return result{}, err
		}
		if operations := count() - before; operations > 0 {
			return result{span: running.stop(with.pid, float64(operations))}, nil
		}
	}
	return result{}, errors.New("the server has done nothing")
}

func wait(duration time.Duration, ended <-chan error) error {
	select {
	case <-time.After(duration):
		return nil
	case err := <-ended:
		if err == nil {
			err = errClosed
		}
		return err
	}
}
