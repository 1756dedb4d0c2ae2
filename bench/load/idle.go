package main

import (
	"bufio"
	"fmt"
	"os"
	"sync/atomic"
	"time"
)

const (
	idlePath        = "/bench.v1.BenchService/Idle"
	idleConnections = 100
	openTimeout     = 60 * time.Second
)

type idleReceiver struct {
	left  *atomic.Int64
	begun chan<- struct{}
	ended chan<- error
}

func (r *idleReceiver) message(_ *stream, _ []byte) error {
	if r.left.Add(-1) == 0 {
		close(r.begun)
	}
	return nil
}

func (r *idleReceiver) end(_ *stream, problem error) {
	select {
	case r.ended <- problem:
	default:
	}
}

// idle opens streams, whose number is the size, and waits until each has received its message. Keeps them open until
// the benchmark continues.
func idle(with settings) (result, error) {
	running := startMeter(with.pid)
	var left atomic.Int64
	left.Store(int64(with.size))
	begun := make(chan struct{})
	ended := make(chan error, 1)
	for index := range idleConnections {
		c, err := dial(with.address)
		if err != nil {
			return result{}, err
		}
		defer c.close()
		for range (with.size + index) / idleConnections {
			if _, err := c.call(idlePath, nil, &idleReceiver{left: &left, begun: begun, ended: ended}); err != nil {
				return result{}, err
			}
		}
		if err := c.flush(); err != nil {
			return result{}, err
		}
	}
	select {
	case <-begun:
	case err := <-ended:
		return result{}, fmt.Errorf("an idle stream ended: %w", err)
	case <-time.After(openTimeout):
		return result{}, fmt.Errorf("%d of %d streams received no message", left.Load(), with.size)
	}
	outcome := result{span: running.stop(with.pid, float64(with.size))}
	pause()
	return outcome, nil
}

var input = bufio.NewReader(os.Stdin)

// pause prints PAUSED, and waits for a line on standard input.
func pause() {
	fmt.Println("PAUSED")
	input.ReadString('\n')
}
