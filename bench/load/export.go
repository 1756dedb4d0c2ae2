package main

import (
	"fmt"
	"time"
)

const (
	exportPath = "/bench.v1.BenchService/Export"
	// The minimum size of an order.
	minOrderBytes = 60
	warmOrders    = 20_000
)

type exportReceiver struct {
	count, bytes int64
	ended        chan error
}

func (r *exportReceiver) message(_ *stream, message []byte) error {
	r.count++
	r.bytes += int64(len(message))
	return nil
}

func (r *exportReceiver) end(_ *stream, problem error) { r.ended <- problem }

// export receives orders on one stream. The size is their number.
func export(with settings) (result, error) {
	c, err := dial(with.address)
	if err != nil {
		return result{}, err
	}
	defer c.close()
	for end := time.Now().Add(with.warm); time.Now().Before(end); {
		if err := exportOnce(c, min(with.size, warmOrders)); err != nil {
			return result{}, err
		}
	}
	running := startMeter(with.pid)
	if err := exportOnce(c, with.size); err != nil {
		return result{}, err
	}
	return result{span: running.stop(with.pid, float64(with.size))}, nil
}

func exportOnce(c *connection, count int) error {
	receiver := &exportReceiver{ended: make(chan error, 1)}
	if _, err := c.call(exportPath, numberMessage(int64(count)), receiver); err != nil {
		return err
	}
	if err := c.flush(); err != nil {
		return err
	}
	if err := <-receiver.ended; err != nil {
		return err
	}
	if receiver.count != int64(count) || receiver.bytes < minOrderBytes*int64(count) {
		return fmt.Errorf("received %d orders with %d bytes, expected %d orders", receiver.count, receiver.bytes, count)
	}
	return nil
}
