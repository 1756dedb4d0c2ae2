package main

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

const (
	fillPath         = "/bench.v1.BenchService/FillStore"
	storedExportPath = "/bourse.order.v1.OrderService/ExportOrders"
	// The number of concurrent exports, and the interval of the unary calls.
	exportsAtOnce = 8
	unaryInterval = 5 * time.Millisecond
	// The minimum size of a stored order.
	minStoredOrderBytes = 90
	fillTimeout         = 60 * time.Second
)

// dialFilled connects to a server and fills its store with orders. The size is their number.
func dialFilled(with settings) (*connection, error) {
	c, err := dial(with.address)
	if err != nil {
		return nil, err
	}
	if err := fillStore(c, with.size); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

// fillStore makes the server store the orders that are exported later.
func fillStore(c *connection, count int) error {
	answer := &answerReceiver{ended: make(chan error, 1)}
	if _, err := c.call(fillPath, numberMessage(int64(count)), answer); err != nil {
		return err
	}
	if err := c.flush(); err != nil {
		return err
	}
	select {
	case err := <-answer.ended:
		if err != nil {
			return err
		}
	case <-time.After(fillTimeout):
		return fmt.Errorf("the store does not have %d orders after %v", count, fillTimeout)
	}
	if have := readNumber(answer.answer); have != int64(count) {
		return fmt.Errorf("the store has %d orders, expected %d", have, count)
	}
	return nil
}

// storedExport receives all orders of the server's store, one in each message.
func storedExport(with settings) (result, error) {
	c, err := dialFilled(with)
	if err != nil {
		return result{}, err
	}
	defer c.close()
	for end := time.Now().Add(with.warm); time.Now().Before(end); {
		if err := storedExportOnce(c, with.size); err != nil {
			return result{}, err
		}
	}
	running := startMeter(with.pid)
	exported := 0
	for end := time.Now().Add(with.measure); time.Now().Before(end); exported += with.size {
		if err := storedExportOnce(c, with.size); err != nil {
			return result{}, err
		}
	}
	return result{span: running.stop(with.pid, float64(exported))}, nil
}

func storedExportOnce(c *connection, count int) error {
	receiver := &exportReceiver{ended: make(chan error, 1)}
	if _, err := c.call(storedExportPath, nil, receiver); err != nil {
		return err
	}
	if err := c.flush(); err != nil {
		return err
	}
	if err := <-receiver.ended; err != nil {
		return err
	}
	if receiver.count != int64(count) || receiver.bytes < minStoredOrderBytes*int64(count) {
		return fmt.Errorf("received %d orders with %d bytes, expected %d orders", receiver.count, receiver.bytes, count)
	}
	return nil
}

// storedUnary measures the duration of small calls at a fixed rate, on a separate connection, while exports run.
func storedUnary(with settings) (result, error) {
	c, err := dialFilled(with)
	if err != nil {
		return result{}, err
	}
	defer c.close()
	ended := make(chan error, exportsAtOnce+1)
	var stopped atomic.Bool
	var exports sync.WaitGroup
	defer exports.Wait()
	defer stopped.Store(true)
	for range exportsAtOnce {
		exporting, err := dial(with.address)
		if err != nil {
			return result{}, err
		}
		defer exporting.close()
		exports.Go(func() {
			for !stopped.Load() {
				if err := storedExportOnce(exporting, with.size); err != nil {
					ended <- err
					return
				}
			}
		})
	}
	pings := &pacedCalls{ended: ended}
	stop := pings.start(c)
	defer stop()
	if err := wait(with.warm, ended); err != nil {
		return result{}, err
	}
	with.warm = 0
	pings.delays.record()
	outcome, err := measureRate(with, pings.calls.Load, ended)
	if err == nil {
		outcome.DelayP50, outcome.DelayP99, err = percentiles(pings.delays.take())
	}
	return outcome, err
}

// pacedCalls are unary calls that start at a fixed interval, also if earlier calls have no response yet.
type pacedCalls struct {
	delays delays
	calls  atomic.Int64
	ended  chan error
}

func (p *pacedCalls) start(c *connection) (stop func()) {
	pace := time.NewTicker(unaryInterval)
	done := make(chan struct{})
	go func() {
		for {
			select {
			case <-done:
				return
			case <-pace.C:
				_, err := c.call(getPath, numberMessage(1), &pacedCall{calls: p, began: monotonicNow()})
				if err == nil {
					err = c.flush()
				}
				if err != nil {
					return
				}
			}
		}
	}()
	return func() {
		pace.Stop()
		close(done)
	}
}

type pacedCall struct {
	calls *pacedCalls
	began time.Duration
}

func (*pacedCall) message(*stream, []byte) error { return nil }

func (p *pacedCall) end(_ *stream, problem error) {
	if problem != nil {
		select {
		case p.calls.ended <- problem:
		default:
		}
		return
	}
	p.calls.delays.add(monotonicNow() - p.began)
	p.calls.calls.Add(1)
}
