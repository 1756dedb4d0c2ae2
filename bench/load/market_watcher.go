package main

import (
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"
)

const symbolsPerWatcher = 50

// A marketWatcher subscribes to some symbols of the market. It checks that it receives each of their quotes once and in
// order, also after a reconnect.
type marketWatcher struct {
	group   *marketGroup
	symbols []string
	// The instrument sequence number of the newest quote of each symbol.
	newest [marketSymbolCount]int32
	cursor cursor
	live   bool
	// Whether the watcher has reconnected and has not yet received the missed quotes.
	resuming bool
}

func (w *marketWatcher) message(_ *stream, message []byte) error {
	now := monotonicNow()
	rest, err := eachQuote(message, func(quote []byte) error { return w.quote(quote, now) })
	if err != nil {
		return err
	}
	return fields(rest, func(field int, _ uint64, bytes []byte) (err error) {
		switch field {
		case responseCursor:
			w.cursor, err = cursorOf(bytes)
		case responseCaughtUp:
			w.live = true
			w.group.watcherReady()
		}
		return err
	})
}

func (w *marketWatcher) quote(quote []byte, now time.Duration) error {
	parsed, err := parseQuote(quote)
	if err != nil {
		return err
	}
	index := marketIndex(parsed.symbol)
	if index < 0 {
		return fmt.Errorf("received a quote of %q, which is not in the subscription", parsed.symbol)
	}
	before := w.newest[index]
	newest := int32(parsed.instrumentSeq)
	inSnapshot := !w.live && !w.resuming
	if !inSnapshot && newest != before+1 {
		return fmt.Errorf("received quote %d of %s, expected %d", newest, parsed.symbol, before+1)
	}
	w.newest[index] = newest
	w.group.position.Add(int64(newest - before))
	if !w.live {
		if w.resuming {
			w.group.replayed.Add(1)
		}
		return nil
	}
	w.group.deliveries.Add(1)
	due, err := timeOf(parsed.sourceTime)
	w.group.delays.add(now - due)
	return err
}

func (w *marketWatcher) end(_ *stream, problem error) {
	w.group.watcherEnded(problem)
}

// A marketGroup is all watchers of the market.
type marketGroup struct {
	all      []*marketWatcher
	notReady atomic.Int64
	ready    chan struct{}
	ended    chan error
	// The number of streams that are still open while the connections close.
	leaving atomic.Bool
	left    atomic.Int64
	gone    chan struct{}

	delays     delays
	deliveries atomic.Int64
	replayed   atomic.Int64
	// The sum of the instrument sequence numbers of the newest quotes of all watchers.
	position    atomic.Int64
	connections []*connection
}

// newMarketGroup chooses symbols for each watcher. They are the same in each run, and differ between watchers.
func newMarketGroup(count int) *marketGroup {
	group := &marketGroup{}
	for number := range count {
		chance := rand.New(rand.NewPCG(uint64(number), symbolsPerWatcher))
		one := &marketWatcher{group: group}
		for _, index := range chance.Perm(marketSymbolCount)[:symbolsPerWatcher] {
			one.symbols = append(one.symbols, marketSymbol(index))
		}
		group.all = append(group.all, one)
	}
	return group
}

// connectAll connects or reconnects all watchers, and waits until each has caught up.
func (g *marketGroup) connectAll(address string) error {
	g.notReady.Store(int64(len(g.all)))
	g.ready = make(chan struct{})
	g.ended = make(chan error, 1)
	g.leaving.Store(false)
	for first := 0; first < len(g.all); first += watchersPerConnection {
		connected, err := dial(address)
		if err != nil {
			return err
		}
		g.connections = append(g.connections, connected)
		for _, one := range g.all[first:min(first+watchersPerConnection, len(g.all))] {
			if err := one.subscribe(connected); err != nil {
				return err
			}
		}
		if err := connected.flush(); err != nil {
			return err
		}
	}
	select {
	case <-g.ready:
		return nil
	case err := <-g.ended:
		return fmt.Errorf("a subscriber's stream ended: %w", err)
	case <-time.After(openTimeout):
		return fmt.Errorf("%d of %d subscribers did not catch up", g.notReady.Load(), len(g.all))
	}
}

func (w *marketWatcher) subscribe(connected *connection) error {
	var after *cursor
	if w.resuming = w.cursor != (cursor{}); w.resuming {
		after = &w.cursor
	}
	w.live = false
	_, err := connected.call(hubPath, watchRequest(w.symbols, disconnectPolicy, after), w)
	return err
}

func (g *marketGroup) watcherReady() {
	if g.notReady.Add(-1) == 0 {
		close(g.ready)
	}
}

func (g *marketGroup) watcherEnded(problem error) {
	if g.leaving.Load() {
		if g.left.Add(-1) == 0 {
			close(g.gone)
		}
		return
	}
	select {
	case g.ended <- problem:
	default:
	}
}

// disconnectAll closes all connections, and waits until all streams have ended.
func (g *marketGroup) disconnectAll() error {
	g.left.Store(int64(len(g.all)))
	g.gone = make(chan struct{})
	g.leaving.Store(true)
	g.close()
	select {
	case <-g.gone:
		return nil
	case <-time.After(openTimeout):
		return fmt.Errorf("%d streams did not end", g.left.Load())
	}
}

func (g *marketGroup) close() {
	for _, each := range g.connections {
		each.close()
	}
	g.connections = nil
}

// finishMarket stops the market, and waits until each watcher has received all quotes of its symbols.
func (g *marketGroup) finishMarket(drive *driver) error {
	ticks, err := drive.finish()
	if err != nil {
		return err
	}
	due := int64(0)
	for _, one := range g.all {
		for _, symbol := range one.symbols {
			due += (ticks + marketSymbolCount - 1 - int64(marketIndex([]byte(symbol)))) / marketSymbolCount
		}
	}
	for end := time.Now().Add(burstTimeout); time.Now().Before(end); {
		if g.position.Load() == due {
			return nil
		}
		if err := wait(time.Millisecond, g.ended); err != nil {
			return err
		}
	}
	return fmt.Errorf("subscribers have received %d of %d quotes", g.position.Load(), due)
}
