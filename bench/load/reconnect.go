package main

import (
	"fmt"
	"time"
)

const (
	// A rate so low that the server has most of its time for clients that reconnect.
	reconnectTicksPerSecond = 100
	// The time between disconnect and reconnect, in which each client misses about ten quotes.
	disconnectedTime = 2 * time.Second
)

// reconnect closes all connections at the same time while the market runs, and measures the time until every client has
// reconnected and caught up. It checks that no client lost a quote.
func reconnect(with settings) (result, error) {
	group := newMarketGroup(with.size)
	defer group.close()
	if err := group.connectAll(with.address); err != nil {
		return result{}, err
	}
	drive, err := startMarket(with.address, reconnectTicksPerSecond)
	if err != nil {
		return result{}, err
	}
	defer drive.conn.close()
	if err := wait(max(with.warm, disconnectedTime), group.ended); err != nil {
		return result{}, err
	}
	if err := group.disconnectAll(); err != nil {
		return result{}, err
	}
	time.Sleep(disconnectedTime)
	running := startMeter(with.pid)
	if err := group.connectAll(with.address); err != nil {
		return result{}, err
	}
	outcome := result{span: running.stop(with.pid, float64(with.size))}
	// The watchers check that no quote is lost. This checks that quotes were replayed at all.
	missed := int64(group.duePerSecond(reconnectTicksPerSecond) * disconnectedTime.Seconds())
	if group.replayed.Load() < missed/2 {
		return result{}, fmt.Errorf("only %d quotes were replayed, expected about %d", group.replayed.Load(), missed)
	}
	if err := wait(with.measure, group.ended); err != nil {
		return result{}, err
	}
	return outcome, group.finishMarket(drive)
}
