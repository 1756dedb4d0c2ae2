package main

import "time"

const (
	marketTicksPerSecond = 10_000
	// The minimum warm-up, after which the server's code is compiled.
	minMarketWarm = 2 * time.Second
	// The minimum duration of the measurement, so long that messages in flight at its start and end have no effect.
	minMarketMeasure = 3 * time.Second
)

// market runs the market at a fixed rate. It measures the delay of each quote from its due time to its receipt, and
// the share of the due quotes that is received.
func market(with settings) (result, error) {
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
	with.measure = max(with.measure, minMarketMeasure)
	outcome, err := group.measure(with)
	if err != nil {
		return result{}, err
	}
	outcome.Delivered = outcome.Operations / (outcome.Seconds * group.duePerSecond(marketTicksPerSecond))
	return outcome, group.finishMarket(drive)
}

// measure counts deliveries, and returns the percentiles of their delays.
func (g *marketGroup) measure(with settings) (outcome result, err error) {
	with.warm = 0
	g.delays.record()
	outcome, err = measureRate(with, g.deliveries.Load, g.ended)
	delays := g.delays.take()
	if err != nil {
		return result{}, err
	}
	outcome.DelayP50, outcome.DelayP99, err = percentiles(delays)
	return outcome, err
}

// duePerSecond returns the number of quotes that all watchers together receive at a number of ticks per second.
func (g *marketGroup) duePerSecond(ticks float64) float64 {
	return ticks * symbolsPerWatcher / marketSymbolCount * float64(len(g.all))
}
