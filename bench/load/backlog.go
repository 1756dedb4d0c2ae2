package main

import "time"

const (
	// The capacity of the hub's log, in ticks. The log is full before the measurement, because it grows until then.
	logCapacity = 200_000
	// The number of ticks published at a time, so small that no reader misses one.
	fillBatchTicks = 500
	// The time for which quotes accumulate: each symbol has many, and they exceed the flow-control windows by far.
	backlogTime = 3 * time.Second
	// The time in which the server frees closed streams.
	freeTime = time.Second
)

// backlog measures memory before and after subscribers stop reading, each on a separate connection. The size is their
// number. One more subscriber reads, so that some of the buffered quotes have been received by a client.
func backlog(with settings) (result, error) {
	running := startMeter(with.pid)
	if err := fillLog(with); err != nil {
		return result{}, err
	}
	reader := newMarketGroup(1)
	reader.all[0].symbols = nil
	for index := range marketSymbolCount {
		reader.all[0].symbols = append(reader.all[0].symbols, marketSymbol(index))
	}
	defer reader.close()
	if err := reader.connectAll(with.address); err != nil {
		return result{}, err
	}
	// Memory that the server keeps after the first subscription does not count for the second.
	closeAll, err := reader.buildBacklog(with)
	closeAll()
	if err == nil {
		err = wait(freeTime, reader.ended)
	}
	if err != nil {
		return result{}, err
	}
	pause()
	closeAll, err = reader.buildBacklog(with)
	defer closeAll()
	if err != nil {
		return result{}, err
	}
	pause()
	return result{span: running.stop(with.pid, float64(with.size))}, nil
}

// buildBacklog runs the market for some time while the stalled subscribers do not read.
func (g *marketGroup) buildBacklog(with settings) (closeAll func(), err error) {
	var subscribers []*stalledSubscriber
	closeAll = func() {
		for _, each := range subscribers {
			each.close()
		}
	}
	drive, err := startMarket(with.address, marketTicksPerSecond)
	if err != nil {
		return closeAll, err
	}
	defer drive.conn.close()
	for range with.size {
		subscriber, err := startStalledSubscriber(with.address)
		if err != nil {
			return closeAll, err
		}
		subscribers = append(subscribers, subscriber)
	}
	if err := wait(backlogTime, g.ended); err != nil {
		return closeAll, err
	}
	return closeAll, g.finishMarket(drive)
}

// fillLog fills the log with ticks. One subscriber receives all of them.
func fillLog(with settings) error {
	drive, err := startDriver(with.address)
	if err != nil {
		return err
	}
	defer drive.conn.close()
	group := &watcherGroup{}
	with.size = 1
	closeAll, err := group.connectAll(with)
	defer closeAll()
	for filled := 0; err == nil && filled < logCapacity; filled += fillBatchTicks {
		if err = drive.allow(fillBatchTicks); err == nil {
			err = group.awaitTicks(drive)
		}
	}
	return err
}
