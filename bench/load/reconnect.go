package main

import (
	"fmt"
	"time"
)

const (
	// A pace at which live quotes leave the server most of its time for clients that reconnect.
	reconnectTicksPerSecond = 100
	// Long enough for each of them to miss ten quotes or so.
	away = 2 * time.Second
)

// reconnect closes all connections at the same time while the market runs, and measures the time until every client has
// reconnected and caught up. It checks that no client lost a quote.
func reconnect(with settings) (result, error) {
	crowd := newInvestors(with.size)
	defer crowd.close()
	if err := crowd.gather(with.address); err != nil {
		return result{}, err
	}
	drive, err := startMarket(with.address, reconnectTicksPerSecond)
	if err != nil {
		return result{}, err
	}
	defer drive.conn.close()
	if err := wait(max(with.warm, away), crowd.ended); err != nil {
		return result{}, err
	}
	if err := crowd.leave(); err != nil {
		return result{}, err
	}
	time.Sleep(away)
	running := startMeter(with.pid)
	if err := crowd.gather(with.address); err != nil {
		return result{}, err
	}
	outcome := result{span: running.stop(with.pid, float64(with.size))}
	// That none is missing is found by those who miss it. Here: that there was something to miss.
	missed := int64(crowd.duePerSecond(reconnectTicksPerSecond) * away.Seconds())
	if crowd.replayed.Load() < missed/2 {
		return result{}, fmt.Errorf("only %d quotes were replayed, of %d or so", crowd.replayed.Load(), missed)
	}
	if err := wait(with.measure, crowd.ended); err != nil {
		return result{}, err
	}
	return outcome, crowd.settle(drive)
}
