package main

import (
	"fmt"
	"sync/atomic"
	"time"
)

const (
	hubPath   = "/bourse.quote.v1.QuoteService/WatchQuotes"
	plainPath = "/bench.v1.BenchService/Watch"
)

// The request for the hub: all symbols of the tick stream, and nothing is skipped.
var hubRequest = watchRequest(tickSymbols(), disconnectPolicy, nil)

// A watcher is one subscriber. It checks that its quotes are all there, in order and once.
type watcher struct {
	crowd *crowd
	hub   bool
	ready bool
	next  int64
}

func (w *watcher) message(_ *stream, message []byte) error {
	if !w.ready {
		return w.begin(message)
	}
	_, err := eachQuote(message, w.quote)
	return err
}

// begin waits for the sign that the subscription is in place. Earlier quotes do not count.
func (w *watcher) begin(message []byte) error {
	ready := !w.hub && len(message) == 0
	err := fields(message, func(field int, _ uint64, _ []byte) error {
		ready = ready || w.hub && field == responseCaughtUp
		return nil
	})
	if ready {
		w.ready = true
		if w.crowd.notReady.Add(-1) == 0 {
			close(w.crowd.ready)
		}
	}
	return err
}

func (w *watcher) quote(quote []byte) error {
	seq, err := seqOf(quote)
	if err != nil {
		return err
	}
	if w.next == 0 {
		w.crowd.first.CompareAndSwap(0, seq)
		w.next = w.crowd.first.Load()
	}
	if seq != w.next {
		return fmt.Errorf("quote %d came where %d was next", seq, w.next)
	}
	w.next++
	if w.crowd.onQuote != nil {
		if err := w.crowd.onQuote(quote); err != nil {
			return err
		}
	}
	return w.crowd.delivered(seq)
}

func (w *watcher) end(_ *stream, problem error) {
	select {
	case w.crowd.ended <- problem:
	default:
	}
}

// The maximum number of ticks in flight: more than any work has, even if a server stalls for seconds.
const maxTicksInFlight = 1 << 10

// A crowd is all subscribers of one tick stream. It knows which ticks have come to all of them.
type crowd struct {
	size     int64
	notReady atomic.Int64
	ready    chan struct{}
	ended    chan error
	first    atomic.Int64
	// The number of subscribers that have received each tick in flight.
	have       [maxTicksInFlight]atomic.Int64
	deliveries atomic.Int64
	completed  atomic.Int64
	// Called when a tick has come to all. May be nil, as may onQuote.
	onComplete func() error
	onQuote    func(quote []byte) error
}

func (c *crowd) delivered(seq int64) error {
	c.deliveries.Add(1)
	slot := &c.have[seq%maxTicksInFlight]
	if slot.Add(1) < c.size {
		return nil
	}
	slot.Store(0)
	c.completed.Add(1)
	if c.onComplete == nil {
		return nil
	}
	return c.onComplete()
}

// gather connects all subscribers and waits until each has its subscription.
func (c *crowd) gather(with settings) (func(), error) {
	var connections []*connection
	closeAll := func() {
		for _, each := range connections {
			each.close()
		}
	}
	c.size = int64(with.size)
	c.notReady.Store(c.size)
	c.ready = make(chan struct{})
	c.ended = make(chan error, 1)
	for opened := 0; opened < with.size; {
		connected, err := dial(with.address)
		if err != nil {
			return closeAll, err
		}
		connections = append(connections, connected)
		for range min(watchersOfConnection, with.size-opened) {
			opened++
			if err := c.subscribe(connected, with.watch == "hub"); err != nil {
				return closeAll, err
			}
		}
		if err := connected.flush(); err != nil {
			return closeAll, err
		}
	}
	select {
	case <-c.ready:
		return closeAll, nil
	case err := <-c.ended:
		return closeAll, fmt.Errorf("a subscriber's stream ended: %w", err)
	case <-time.After(openTimeout):
		return closeAll, fmt.Errorf("%d of %d subscribers did not get ready", c.notReady.Load(), c.size)
	}
}

func (c *crowd) subscribe(connected *connection, hub bool) error {
	path, request := plainPath, []byte(nil)
	if hub {
		path, request = hubPath, hubRequest
	}
	_, err := connected.call(path, request, &watcher{crowd: c, hub: hub})
	return err
}
