package main

import (
	"fmt"
	"time"
)

const (
	watchersPerConnection = 20
	// The feed publishes in bursts, because the ticks of a busy market arrive in groups. Two bursts are in flight, so
	// few that no server needs to skip a tick.
	ticksInBurst  = 8
	ticksInFlight = 2 * ticksInBurst
	// The maximum time for one burst.
	burstTimeout = 30 * time.Second
)

// fanOut makes the feed publish as fast as all subscribers receive the ticks, and counts deliveries. The measurement
// starts and ends at the end of a burst.
func fanOut(with settings) (result, error) {
	group := &watcherGroup{}
	drive, err := startDriver(with.address)
	if err != nil {
		return result{}, err
	}
	defer drive.conn.close()
	bursts := make(chan struct{}, 1)
	group.onComplete = func() error {
		allowed, err := drive.keepAhead(group.completed.Load())
		if allowed {
			select {
			case bursts <- struct{}{}:
			default:
			}
		}
		return err
	}
	closeAll, err := group.connectAll(with)
	defer closeAll()
	if err != nil {
		return result{}, err
	}
	for range ticksInFlight / ticksInBurst {
		if err := drive.allow(ticksInBurst); err != nil {
			return result{}, err
		}
	}
	if err := group.awaitBurst(with.warm, bursts); err != nil {
		return result{}, err
	}
	before := group.deliveries.Load()
	running := startMeter(with.pid)
	if err := group.awaitBurst(with.measure, bursts); err != nil {
		return result{}, err
	}
	outcome := result{span: running.stop(with.pid, float64(group.deliveries.Load()-before))}
	drive.stop()
	return outcome, group.awaitTicks(drive)
}

// awaitBurst waits for the duration, and then until all subscribers have received the next burst.
func (g *watcherGroup) awaitBurst(duration time.Duration, bursts chan struct{}) error {
	if err := wait(duration, g.ended); err != nil {
		return err
	}
	// Discards a burst that ended during the wait.
	select {
	case <-bursts:
	default:
	}
	select {
	case <-bursts:
		return nil
	case err := <-g.ended:
		return err
	case <-time.After(burstTimeout):
		return fmt.Errorf("no burst was received by all subscribers in %v", burstTimeout)
	}
}

// awaitTicks waits until all subscribers have received all permitted ticks.
func (g *watcherGroup) awaitTicks(drive *driver) error {
	for end := time.Now().Add(burstTimeout); time.Now().Before(end); {
		if g.completed.Load() == drive.total() {
			return nil
		}
		if err := wait(time.Millisecond, g.ended); err != nil {
			return err
		}
	}
	return fmt.Errorf("only %d of %d ticks were received by all subscribers", g.completed.Load(), drive.total())
}
