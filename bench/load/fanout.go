package main

import (
	"fmt"
	"time"
)

const (
	watchersOfConnection = 20
	// The feed publishes in bursts, as the ticks of a busy market do not come one by one, and the next burst comes while
	// the readers have not received the one before. No server needs to skip any.
	ticksInBurst  = 8
	ticksInFlight = 2 * ticksInBurst
	// How long a server may take for one burst.
	burstTimeout = 30 * time.Second
)

// fanOut lets a feed publish as fast as all its subscribers get the ticks, and counts deliveries. It measures from the
// end of one burst to the end of another.
func fanOut(with settings) (result, error) {
	crowd := &crowd{}
	drive, err := startDriver(with.address)
	if err != nil {
		return result{}, err
	}
	defer drive.conn.close()
	bursts := make(chan struct{}, 1)
	crowd.onComplete = func() error {
		allowed, err := drive.keepAhead(crowd.completed.Load())
		if allowed {
			select {
			case bursts <- struct{}{}:
			default:
			}
		}
		return err
	}
	closeAll, err := crowd.gather(with)
	defer closeAll()
	if err != nil {
		return result{}, err
	}
	for range ticksInFlight / ticksInBurst {
		if err := drive.allow(ticksInBurst); err != nil {
			return result{}, err
		}
	}
	if err := crowd.awaitBurst(with.warm, bursts); err != nil {
		return result{}, err
	}
	before := crowd.deliveries.Load()
	running := startMeter(with.pid)
	if err := crowd.awaitBurst(with.measure, bursts); err != nil {
		return result{}, err
	}
	outcome := result{span: running.stop(with.pid, float64(crowd.deliveries.Load()-before))}
	drive.stop()
	return outcome, crowd.awaitTicks(drive)
}

// awaitBurst waits for some time, and then until the next burst has come to all.
func (c *crowd) awaitBurst(duration time.Duration, bursts chan struct{}) error {
	if err := wait(duration, c.ended); err != nil {
		return err
	}
	// One that came while waiting is in the past.
	select {
	case <-bursts:
	default:
	}
	select {
	case <-bursts:
		return nil
	case err := <-c.ended:
		return err
	case <-time.After(burstTimeout):
		return fmt.Errorf("no burst has come to all subscribers in %v", burstTimeout)
	}
}

// awaitTicks waits until all that was allowed has come to all subscribers.
func (c *crowd) awaitTicks(drive *driver) error {
	for end := time.Now().Add(burstTimeout); time.Now().Before(end); {
		if c.completed.Load() == drive.total() {
			return nil
		}
		if err := wait(time.Millisecond, c.ended); err != nil {
			return err
		}
	}
	return fmt.Errorf("only %d of %d ticks came to all subscribers", c.completed.Load(), drive.total())
}
