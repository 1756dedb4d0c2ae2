package main

import (
	"encoding/binary"
	"fmt"
	"sync"
	"time"
)

const (
	drivePath = "/bench.v1.BenchService/Drive"
	// The fields of the messages, except the number of ticks.
	driveMarketRate    = 2
	driveMarketTicks   = 2
	driveAnswerTimeout = 30 * time.Second
)

// A driver permits the server's feed to publish ticks, and controls its market.
type driver struct {
	mutex   sync.Mutex
	conn    *connection
	stream  *stream
	answer  *answerReceiver
	allowed int64
	stopped bool
}

func startDriver(address string) (*driver, error) {
	c, err := dial(address)
	if err != nil {
		return nil, err
	}
	d := &driver{conn: c, answer: &answerReceiver{ended: make(chan error, 1)}}
	d.stream = c.open(drivePath, d.answer)
	return d, nil
}

// startMarket starts the market at a rate.
func startMarket(address string, ticksPerSecond int) (*driver, error) {
	d, err := startDriver(address)
	if err != nil {
		return nil, err
	}
	message := binary.AppendUvarint([]byte{driveMarketRate << 3}, uint64(ticksPerSecond))
	if err := d.stream.send(appendEnvelope(nil, message), false); err != nil {
		return nil, err
	}
	return d, d.conn.flush()
}

// finish stops the market, and returns the number of its ticks since the server started.
func (d *driver) finish() (marketTicks int64, err error) {
	defer d.conn.close()
	if err := d.stream.send(nil, true); err != nil {
		return 0, err
	}
	if err := d.conn.flush(); err != nil {
		return 0, err
	}
	select {
	case err = <-d.answer.ended:
	case <-time.After(driveAnswerTimeout):
		err = fmt.Errorf("the server has not reported the number of its ticks after %v", driveAnswerTimeout)
	}
	if err != nil {
		return 0, err
	}
	err = fields(d.answer.answer, func(field int, number uint64, _ []byte) error {
		if field == driveMarketTicks {
			marketTicks = int64(number)
		}
		return nil
	})
	return marketTicks, err
}

func (d *driver) allow(ticks int64) error {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	return d.allowLocked(ticks)
}

func (d *driver) allowLocked(ticks int64) error {
	d.allowed += ticks
	if err := d.stream.send(appendEnvelope(nil, numberMessage(ticks)), false); err != nil {
		return err
	}
	return d.conn.flush()
}

// keepAhead permits the next burst if fewer ticks than the limit are in flight. Returns whether it has permitted one.
func (d *driver) keepAhead(completed int64) (bool, error) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if d.stopped || completed+ticksInFlight-d.allowed < ticksInBurst {
		return false, nil
	}
	return true, d.allowLocked(ticksInBurst)
}

// stop ends the permission of bursts.
func (d *driver) stop() {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.stopped = true
}

func (d *driver) total() int64 {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	return d.allowed
}
