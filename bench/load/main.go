// The load client of the benchmark. Runs one workload against one server, and prints the measurement as one line of
// JSON.
//
// It is the same for all peers. It uses gRPC over plaintext HTTP/2, and runs on one core. It checks that it receives
// each message once and in order.
package main

import (
	"encoding/json"
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

// A result is one measurement.
type result struct {
	span
	// The delay in milliseconds, for workloads that measure it.
	DelayP50 float64 `json:"delayP50,omitempty"`
	DelayP99 float64 `json:"delayP99,omitempty"`
	// For workloads with a fixed rate: the share of the due messages that was delivered in time.
	Delivered float64 `json:"delivered,omitempty"`
	// For the workload `stalled`: the delay with a stalled subscriber divided by the delay without one.
	Slowdown float64 `json:"slowdown,omitempty"`
}

var workloads = map[string]func(settings) (result, error){
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
	// The server of the workload `socket`.
	socketServerWorkload: socketServer,
}

func main() {
	var with settings
	flag.StringVar(&with.address, "address", "", "the address of the server, as HOST:PORT")
	flag.IntVar(&with.pid, "pid", 0, "the process ID of the server")
	flag.IntVar(&with.size, "size", 0, "the number of messages, streams, calls or subscribers")
	flag.DurationVar(&with.warm, "warm", time.Second, "the duration of the warm-up")
	flag.DurationVar(&with.measure, "measure", 2*time.Second, "the duration of the measurement")
	flag.StringVar(&with.watch, "watch", "plain", "the fan-out of the server: hub or plain")
	name := flag.String("workload", "", "the workload")
	flag.Parse()
	runtime.GOMAXPROCS(1)
	debug.SetGCPercent(800)

	workload, known := workloads[*name]
	if !known {
		fail(fmt.Errorf("unknown workload %q", *name))
	}
	outcome, err := workload(with)
	if err != nil {
		fail(err)
	}
	json.NewEncoder(os.Stdout).Encode(outcome)
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// The maximum number of measuring periods if no operation completes, for example because other programs use the core.
const maxWaits = 10

// measureRate measures the rate of a counter.
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
	return result{}, fmt.Errorf("the server completed no operation in %v", maxWaits*with.measure)
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
