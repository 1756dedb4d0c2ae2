package main

import (
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"
)

const symbolsOfInvestor = 50

// An investor subscribes to some symbols of the market, and skips none of their quotes. It checks that they are all
// there, in order and once, also after it reconnects.
type investor struct {
	crowd   *investors
	symbols []string
	// The place of the newest quote of each symbol of the market, among those of its symbol.
	newest [marketSymbolCount]int32
	cursor cursor
	live   bool
	// Whether it has reconnected and has not yet received the quotes that it missed.
	resuming bool
}

func (i *investor) message(_ *stream, message []byte) error {
	now := monotonicNow()
	rest, err := eachQuote(message, func(quote []byte) error { return i.quote(quote, now) })
	if err != nil {
		return err
	}
	return fields(rest, func(field int, _ uint64, bytes []byte) (err error) {
		switch field {
		case responseCursor:
			i.cursor, err = cursorOf(bytes)
		case responseCaughtUp:
			i.live = true
			i.crowd.oneIsReady()
		}
		return err
	})
}

func (i *investor) quote(quote []byte, now time.Duration) error {
	parsed, err := parseQuote(quote)
	if err != nil {
		return err
	}
	index := marketIndex(parsed.symbol)
	if index < 0 {
		return fmt.Errorf("a quote of %q came, which was not asked for", parsed.symbol)
	}
	before := i.newest[index]
	newest := int32(parsed.instrumentSeq)
	inSnapshot := !i.live && !i.resuming
	if !inSnapshot && newest != before+1 {
		return fmt.Errorf("quote %d of %s came where %d was next", newest, parsed.symbol, before+1)
	}
	i.newest[index] = newest
	i.crowd.position.Add(int64(newest - before))
	if !i.live {
		if i.resuming {
			i.crowd.replayed.Add(1)
		}
		return nil
	}
	i.crowd.deliveries.Add(1)
	due, err := timeOf(parsed.sourceTime)
	i.crowd.delays.add(now - due)
	return err
}

func (i *investor) end(_ *stream, problem error) {
	i.crowd.oneHasEnded(problem)
}

// Investors are all subscribers of the market.
type investors struct {
	all      []*investor
	notReady atomic.Int64
	ready    chan struct{}
	ended    chan error
	// Counted down by streams that end while the connections are being closed.
	leaving atomic.Bool
	left    atomic.Int64
	gone    chan struct{}

	delays     delays
	deliveries atomic.Int64
	replayed   atomic.Int64
	// The sum of all places of all newest quotes.
	position    atomic.Int64
	connections []*connection
}

// newInvestors chooses the same symbols for them in each run, and mostly different ones for each of them.
func newInvestors(count int) *investors {
	crowd := &investors{}
	for number := range count {
		chance := rand.New(rand.NewPCG(uint64(number), symbolsOfInvestor))
		one := &investor{crowd: crowd}
		for _, index := range chance.Perm(marketSymbolCount)[:symbolsOfInvestor] {
			one.symbols = append(one.symbols, marketSymbol(index))
		}
		crowd.all = append(crowd.all, one)
	}
	return crowd
}

// gather connects all of them, for the first time or again, and waits until each has caught up.
func (c *investors) gather(address string) error {
	c.notReady.Store(int64(len(c.all)))
	c.ready = make(chan struct{})
	c.ended = make(chan error, 1)
	c.leaving.Store(false)
	for first := 0; first < len(c.all); first += watchersOfConnection {
		connected, err := dial(address)
		if err != nil {
			return err
		}
		c.connections = append(c.connections, connected)
		for _, one := range c.all[first:min(first+watchersOfConnection, len(c.all))] {
			if err := one.subscribe(connected); err != nil {
				return err
			}
		}
		if err := connected.flush(); err != nil {
			return err
		}
	}
	select {
	case <-c.ready:
		return nil
	case err := <-c.ended:
		return fmt.Errorf("a subscriber's stream ended: %w", err)
	case <-time.After(openTimeout):
		return fmt.Errorf("%d of %d subscribers did not catch up", c.notReady.Load(), len(c.all))
	}
}

func (i *investor) subscribe(connected *connection) error {
	var after *cursor
	if i.resuming = i.cursor != (cursor{}); i.resuming {
		after = &i.cursor
	}
	i.live = false
	_, err := connected.call(hubPath, watchRequest(i.symbols, disconnectPolicy, after), i)
	return err
}

func (c *investors) oneIsReady() {
	if c.notReady.Add(-1) == 0 {
		close(c.ready)
	}
}

func (c *investors) oneHasEnded(problem error) {
	if c.leaving.Load() {
		if c.left.Add(-1) == 0 {
			close(c.gone)
		}
		return
	}
	select {
	case c.ended <- problem:
	default:
	}
}

// leave closes all connections, and waits until nothing more can come of them.
func (c *investors) leave() error {
	c.left.Store(int64(len(c.all)))
	c.gone = make(chan struct{})
	c.leaving.Store(true)
	c.close()
	select {
	case <-c.gone:
		return nil
	case <-time.After(openTimeout):
		return fmt.Errorf("%d streams did not end", c.left.Load())
	}
}

func (c *investors) close() {
	for _, each := range c.connections {
		each.close()
	}
	c.connections = nil
}

// settle stops the market, and waits until everything that it has made has come to everyone who is to have it.
func (c *investors) settle(drive *driver) error {
	ticks, err := drive.finish()
	if err != nil {
		return err
	}
	due := int64(0)
	for _, one := range c.all {
		for _, symbol := range one.symbols {
			due += (ticks + marketSymbolCount - 1 - int64(marketIndex([]byte(symbol)))) / marketSymbolCount
		}
	}
	for end := time.Now().Add(burstTimeout); time.Now().Before(end); {
		if c.position.Load() == due {
			return nil
		}
		if err := wait(time.Millisecond, c.ended); err != nil {
			return err
		}
	}
	return fmt.Errorf("subscribers have got to %d together, of %d", c.position.Load(), due)
}
