package main

import (
	"errors"
	"time"
)

const (
	// How often it is measured without and with a subscriber that does not read: in turns, so that whatever else the
	// machine does falls on both alike.
	stalledTurns = 4
	// How long quotes pile up before the others are measured, and how long the server has to forget the subscriber.
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
// many times longer the latter are.
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
	if err := wait(with.warm, crowd.ended); err != nil {
		return result{}, err
	}
	with.measure /= stalledTurns
	var without, beside []time.Duration
	outcome := result{Delivered: 1}
	for range stalledTurns {
		_, delays, err := crowd.measure(with)
		if err != nil {
			return result{}, err
		}
		without = append(without, delays...)
		turn, delays, err := crowd.measureBeside(with)
		if err != nil {
			return result{}, err
		}
		beside = append(beside, delays...)
		outcome.span = outcome.span.and(turn.span)
		outcome.Delivered = min(outcome.Delivered, turn.Delivered)
	}
	_, before, err := percentiles(without)
	if err != nil {
		return result{}, err
	}
	if outcome.DelayP50, outcome.DelayP99, err = percentiles(beside); err != nil {
		return result{}, err
	}
	outcome.Slowdown = outcome.DelayP99 / before
	return outcome, crowd.settle(drive)
}

// measureBeside measures beside a subscriber that does not read, and waits until the server is rid of it.
func (c *investors) measureBeside(with settings) (result, []time.Duration, error) {
	sleeping, err := startSleeper(with.address)
	if err != nil {
		return result{}, nil, err
	}
	if err := wait(stalledBefore, c.ended); err != nil {
		sleeping.close()
		return result{}, nil, err
	}
	outcome, delays, err := c.measure(with)
	sleeping.close()
	if err != nil {
		return result{}, nil, err
	}
	return outcome, delays, wait(stalledBefore, c.ended)
}
