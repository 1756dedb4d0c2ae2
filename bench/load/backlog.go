package main

import "time"

const (
	// As many ticks as the hub's log holds: before it is full it grows, with and without readers.
	loggedTicks = 200_000
	// So many at a time that no reader gets too far behind to have all of them.
	loggedAtATime = 500
	// For how long quotes pile up: until all symbols have had many, and far more than windows allow.
	backlogTime = 3 * time.Second
	// The time in which the server frees closed streams.
	forgetTime = time.Second
)

// backlog measures memory before and after subscribers stop reading, each on a separate connection; the size is their
// number. One more subscriber reads, so that the buffered quotes are not only those that no client has received.
func backlog(with settings) (result, error) {
	running := startMeter(with.pid)
	if err := fillLog(with); err != nil {
		return result{}, err
	}
	reader := newInvestors(1)
	reader.all[0].symbols = nil
	for index := range marketSymbolCount {
		reader.all[0].symbols = append(reader.all[0].symbols, marketSymbol(index))
	}
	defer reader.close()
	if err := reader.gather(with.address); err != nil {
		return result{}, err
	}
	// Memory that the server keeps after the first subscription does not count for the second.
	closeAll, err := reader.pileUp(with)
	closeAll()
	if err == nil {
		err = wait(forgetTime, reader.ended)
	}
	if err != nil {
		return result{}, err
	}
	hold()
	closeAll, err = reader.pileUp(with)
	defer closeAll()
	if err != nil {
		return result{}, err
	}
	hold()
	return result{span: running.stop(with.pid, float64(with.size))}, nil
}

// pileUp lets the market tick for some time beside subscribers that do not read.
func (c *investors) pileUp(with settings) (closeAll func(), err error) {
	var sleepers []*sleeper
	closeAll = func() {
		for _, each := range sleepers {
			each.close()
		}
	}
	drive, err := startMarket(with.address, marketTicksPerSecond)
	if err != nil {
		return closeAll, err
	}
	defer drive.conn.close()
	for range with.size {
		sleeping, err := startSleeper(with.address)
		if err != nil {
			return closeAll, err
		}
		sleepers = append(sleepers, sleeping)
	}
	if err := wait(backlogTime, c.ended); err != nil {
		return closeAll, err
	}
	return closeAll, c.settle(drive)
}

// fillLog publishes as many ticks as the log holds, to one subscriber that gets all of them.
func fillLog(with settings) error {
	drive, err := startDriver(with.address)
	if err != nil {
		return err
	}
	defer drive.conn.close()
	crowd := &crowd{}
	with.size = 1
	closeAll, err := crowd.gather(with)
	defer closeAll()
	for filled := 0; err == nil && filled < loggedTicks; filled += loggedAtATime {
		if err = drive.allow(loggedAtATime); err == nil {
			err = crowd.awaitTicks(drive)
		}
	}
	return err
}
