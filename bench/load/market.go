package main

import "time"

const (
	marketTicksPerSecond = 10_000
	// Until code is hot that has much to do at once.
	marketWarm = 2 * time.Second
	// So long that messages in flight at its start and end hardly count.
	marketMeasure = 3 * time.Second
)

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
	if err := wait(max(with.warm, marketWarm), crowd.ended); err != nil {
		return result{}, err
	}
	with.measure = max(with.measure, marketMeasure)
	outcome, err := crowd.measure(with)
	if err != nil {
		return result{}, err
	}
	outcome.Delivered = outcome.Operations / (outcome.Seconds * crowd.duePerSecond(marketTicksPerSecond))
	return outcome, crowd.settle(drive)
}

// measure counts deliveries, and sums up their delays.
func (c *investors) measure(with settings) (outcome result, err error) {
	with.warm = 0
	c.delays.record()
	outcome, err = measureRate(with, c.deliveries.Load, c.ended)
	delays := c.delays.take()
	if err != nil {
		return result{}, err
	}
	outcome.DelayP50, outcome.DelayP99, err = percentiles(delays)
	return outcome, err
}

// duePerSecond is how many quotes come to all of them together, of so many ticks.
func (c *investors) duePerSecond(ticks float64) float64 {
	return ticks * symbolsOfInvestor / marketSymbolCount * float64(len(c.all))
}
