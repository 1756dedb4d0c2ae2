package main

import (
	"errors"
	"slices"
	"time"
)

const (
	// How often it is measured without and with a subscriber that does not read. The turn in the middle counts, and which
	// of both comes first changes: what else the machine does falls on few turns, and not always on the same.
	stalledTurns = 7
	// How long quotes pile up before the others are measured, and the time in which the server frees the subscriber.
	stalledBefore = 300 * time.Millisecond
)

var errNotReady = errors.New("a subscriber did not get ready")

// A sleeper subscribes to everything, catches up, and then reads nothing until it is woken. Its window is HTTP/2's own,
// as many clients have it: the server soon finds that nobody reads.
type sleeper struct {
	conn   *connection
	asleep chan struct{}
	awake  chan struct{}
}

func startSleeper(address string) (*sleeper, error) {
	c, err := dialWithWindow(address, defaultWindow)
	if err != nil {
		return nil, err
	}
	s := &sleeper{conn: c, asleep: make(chan struct{}), awake: make(chan struct{})}
	if _, err := c.call(hubPath, watchRequest([]string{"*"}, conflatePolicy, nil), s); err != nil {
		return nil, err
	}
	if err := c.flush(); err != nil {
		return nil, err
	}
	select {
	case <-s.asleep:
		return s, nil
	case <-time.After(openTimeout):
		return nil, errNotReady
	}
}

// message is called on the goroutine that reads the connection: as long as it does not return, nothing is read.
func (s *sleeper) message(_ *stream, message []byte) error {
	return fields(message, func(field int, _ uint64, _ []byte) error {
		if field == responseCaughtUp {
			close(s.asleep)
			<-s.awake
		}
		return nil
	})
}

func (s *sleeper) end(_ *stream, _ error) {}

func (s *sleeper) close() {
	s.conn.close()
	close(s.awake)
}

// stalled measures the delays of the market's quotes without and with one more subscriber, that does not read, and how
// many times longer their 99th percentile is with it.
func stalled(with settings) (result, error) {
	crowd := newInvestors(with.size)
	defer crowd.close()
	if err := crowd.gather(with.address); err != nil {
		return result{}, err
	}
	drive, err := startMarket(with.address, marketTicksPerSecond)
	if err != nil {
		return result{}, err
	}
	defer drive.conn.close()
	if err := wait(max(with.warm, marketWarm), crowd.ended); err != nil {
		return result{}, err
	}
	with.measure /= stalledTurns
	var outcome result
	var ratios []float64
	for turn := range stalledTurns {
		beside, without, err := crowd.compare(with, turn%2 == 0)
		if err != nil {
			return result{}, err
		}
		outcome.span = outcome.span.and(beside.span)
		ratios = append(ratios, beside.DelayP99/without.DelayP99)
	}
	slices.Sort(ratios)
	outcome.Slowdown = ratios[len(ratios)/2]
	return outcome, crowd.settle(drive)
}

// compare measures beside a subscriber that does not read, and without it before or after that.
func (c *investors) compare(with settings, withoutFirst bool) (beside, without result, err error) {
	if withoutFirst {
		without, err = c.measure(with)
	}
	if err == nil {
		beside, err = c.measureBeside(with)
	}
	if err == nil && !withoutFirst {
		without, err = c.measure(with)
	}
	return beside, without, err
}

// measureBeside measures beside a subscriber that does not read, and waits until the server is rid of it.
func (c *investors) measureBeside(with settings) (result, error) {
	sleeping, err := startSleeper(with.address)
	if err != nil {
		return result{}, err
	}
	var outcome result
	if err = wait(stalledBefore, c.ended); err == nil {
		outcome, err = c.measure(with)
	}
	sleeping.close()
	if err != nil {
		return result{}, err
	}
	return outcome, wait(stalledBefore, c.ended)
}
