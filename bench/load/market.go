package main

import "time"

const marketTicksPerSecond = 10_000

// market lets the market tick at a steady rate, and measures how long its quotes take from the moment at which they were
// due to be published to here, and whether as many come as are due.
func market(with settings) (result, error) {
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
	outcome, delays, err := crowd.measure(with)
	if err != nil {
		return result{}, err
	}
	if outcome.DelayP50, outcome.DelayP99, err = percentiles(delays); err != nil {
		return result{}, err
	}
	return outcome, crowd.settle(drive)
}

// measure counts deliveries, tells their share of what is due, and records their delays.
func (c *investors) measure(with settings) (result, []time.Duration, error) {
	with.warm = 0
	c.delays.record()
	outcome, err := measureRate(with, c.deliveries.Load, c.ended)
	outcome.Delivered = outcome.Operations / (outcome.Seconds * c.duePerSecond(marketTicksPerSecond))
	return outcome, c.delays.take(), err
}

// duePerSecond is how many quotes come to all of them together, of so many ticks.
func (c *investors) duePerSecond(ticks float64) float64 {
	return ticks * symbolsOfInvestor / marketSymbolCount * float64(len(c.all))
}
