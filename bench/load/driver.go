package main

import "sync"

const drivePath = "/bench.v1.BenchService/Drive"

// A driver allows the server's feed to publish.
type driver struct {
	mutex   sync.Mutex
	conn    *connection
	stream  *stream
	allowed int64
	stopped bool
}

func startDriver(address string) (*driver, error) {
	c, err := dial(address)
	if err != nil {
		return nil, err
	}
	d := &driver{conn: c}
	d.stream = c.open(drivePath, &answerReceiver{ended: make(chan error, 1)})
	return d, nil
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

// keepAhead allows the next burst where the readers have got far enough, and tells whether they have.
func (d *driver) keepAhead(completed int64) (bool, error) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if d.stopped || completed+ticksUnderWay-d.allowed < ticksInBurst {
		return false, nil
	}
	return true, d.allowLocked(ticksInBurst)
}

// stop allows no more bursts.
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
