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

// The request for the hub: all symbols of the tick stream, without skipping.
var hubRequest = watchRequest(tickSymbols(), disconnectPolicy, nil)

// A watcher is one subscriber. It checks that it receives each quote once and in order.
type watcher struct {
	group *watcherGroup
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

// begin waits for the confirmation of the subscription. It ignores earlier quotes.
func (w *watcher) begin(message []byte) error {
	ready := !w.hub && len(message) == 0
	err := fields(message, func(field int, _ uint64, _ []byte) error {
		ready = ready || w.hub && field == responseCaughtUp
		return nil
	})
	if ready {
		w.ready = true
		if w.group.notReady.Add(-1) == 0 {
			close(w.group.ready)
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
		w.group.first.CompareAndSwap(0, seq)
		w.next = w.group.first.Load()
	}
	if seq != w.next {
		return fmt.Errorf("received quote %d, expected %d", seq, w.next)
	}
	w.next++
	if w.group.onQuote != nil {
		if err := w.group.onQuote(quote); err != nil {
			return err
		}
	}
	return w.group.delivered(seq)
}

func (w *watcher) end(_ *stream, problem error) {
	select {
	case w.group.ended <- problem:
	default:
	}
}

// The maximum number of ticks in flight. No workload reaches it, even if a server stalls for seconds.
const maxTicksInFlight = 1 << 10

// A watcherGroup is all subscribers of one tick stream. It counts the ticks that all of them have received.
type watcherGroup struct {
	size     int64
	notReady atomic.Int64
	ready    chan struct{}
	ended    chan error
	first    atomic.Int64
	// The number of subscribers that have received each tick in flight.
	have       [maxTicksInFlight]atomic.Int64
	deliveries atomic.Int64
	completed  atomic.Int64
	// Called when all subscribers have received a tick. onComplete and onQuote are optional.
	onComplete func() error
	onQuote    func(quote []byte) error
}

func (g *watcherGroup) delivered(seq int64) error {
	g.deliveries.Add(1)
	slot := &g.have[seq%maxTicksInFlight]
	if slot.Add(1) < g.size {
		return nil
	}
	slot.Store(0)
	g.completed.Add(1)
	if g.onComplete == nil {
		return nil
	}
	return g.onComplete()
}

// connectAll connects all subscribers, and waits until each subscription is confirmed.
func (g *watcherGroup) connectAll(with settings) (func(), error) {
	var connections []*connection
	closeAll := func() {
		for _, each := range connections {
			each.close()
		}
	}
	g.size = int64(with.size)
	g.notReady.Store(g.size)
	g.ready = make(chan struct{})
	g.ended = make(chan error, 1)
	for opened := 0; opened < with.size; {
		connected, err := dial(with.address)
		if err != nil {
			return closeAll, err
		}
		connections = append(connections, connected)
		for range min(watchersPerConnection, with.size-opened) {
			opened++
			if err := g.subscribe(connected, with.watch == "hub"); err != nil {
				return closeAll, err
			}
		}
		if err := connected.flush(); err != nil {
			return closeAll, err
		}
	}
	select {
	case <-g.ready:
		return closeAll, nil
	case err := <-g.ended:
		return closeAll, fmt.Errorf("a subscriber's stream ended: %w", err)
	case <-time.After(openTimeout):
		return closeAll, fmt.Errorf("%d of %d subscriptions were not confirmed", g.notReady.Load(), g.size)
	}
}

func (g *watcherGroup) subscribe(connected *connection, hub bool) error {
	path, request := plainPath, []byte(nil)
	if hub {
		path, request = hubPath, hubRequest
	}
	_, err := connected.call(path, request, &watcher{group: g, hub: hub})
	return err
}
