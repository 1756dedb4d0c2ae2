package main

import (
	"errors"
	"slices"
	"time"
)

const (
	// The number of comparisons with and without a stalled subscriber. The result is their median, and the order
	// alternates, so that other load on the machine has little effect.
	stalledRounds = 7
	// The time in which quotes accumulate before the measurement, and in which the server frees the subscriber after it.
	stalledSettleTime = 300 * time.Millisecond
)

var errNotReady = errors.New("a subscriber did not catch up in time")

// A stalledSubscriber subscribes to all symbols, catches up, and then stops reading until it is closed. It has the
// default window of HTTP/2, as many clients do, so the server soon has no window left.
type stalledSubscriber struct {
	conn    *connection
	stopped chan struct{}
	resumed chan struct{}
}

func startStalledSubscriber(address string) (*stalledSubscriber, error) {
	c, err := dialWithWindow(address, defaultWindow)
	if err != nil {
		return nil, err
	}
	s := &stalledSubscriber{conn: c, stopped: make(chan struct{}), resumed: make(chan struct{})}
	if _, err := c.call(hubPath, watchRequest([]string{"*"}, conflatePolicy, nil), s); err != nil {
		return nil, err
	}
	if err := c.flush(); err != nil {
		return nil, err
	}
	select {
	case <-s.stopped:
		return s, nil
	case <-time.After(openTimeout):
		return nil, errNotReady
	}
}

// message blocks the goroutine that reads the connection.
func (s *stalledSubscriber) message(_ *stream, message []byte) error {
	return fields(message, func(field int, _ uint64, _ []byte) error {
		if field == responseCaughtUp {
			close(s.stopped)
			<-s.resumed
		}
		return nil
	})
}

func (s *stalledSubscriber) end(_ *stream, _ error) {}

func (s *stalledSubscriber) close() {
	s.conn.close()
	close(s.resumed)
}

// stalled measures the delays of the market's quotes with and without a stalled subscriber. The slowdown is the ratio
// of the 99th percentiles.
func stalled(with settings) (result, error) {
	group := newMarketGroup(with.size)
	defer group.close()
	if err := group.connectAll(with.address); err != nil {
		return result{}, err
	}
	drive, err := startMarket(with.address, marketTicksPerSecond)
	if err != nil {
		return result{}, err
	}
	defer drive.conn.close()
	if err := wait(max(with.warm, minMarketWarm), group.ended); err != nil {
		return result{}, err
	}
	with.measure /= stalledRounds
	var outcome result
	var ratios []float64
	for round := range stalledRounds {
		withStalled, without, err := group.compare(with, round%2 == 0)
		if err != nil {
			return result{}, err
		}
		outcome.span = outcome.span.and(withStalled.span)
		ratios = append(ratios, withStalled.DelayP99/without.DelayP99)
	}
	slices.Sort(ratios)
	outcome.Slowdown = ratios[len(ratios)/2]
	return outcome, group.finishMarket(drive)
}

// compare measures with a stalled subscriber, and without one before or after that.
func (g *marketGroup) compare(with settings, withoutFirst bool) (withStalled, without result, err error) {
	if withoutFirst {
		without, err = g.measure(with)
	}
	if err == nil {
		withStalled, err = g.measureWithStalled(with)
	}
	if err == nil && !withoutFirst {
		without, err = g.measure(with)
	}
	return withStalled, without, err
}

// measureWithStalled measures with a stalled subscriber, and then waits until the server has freed it.
func (g *marketGroup) measureWithStalled(with settings) (result, error) {
	subscriber, err := startStalledSubscriber(with.address)
	if err != nil {
		return result{}, err
	}
	var outcome result
	if err = wait(stalledSettleTime, g.ended); err == nil {
		outcome, err = g.measure(with)
	}
	subscriber.close()
	if err != nil {
		return result{}, err
	}
	return outcome, wait(stalledSettleTime, g.ended)
}
