package main

import (
	"fmt"
	"sync/atomic"
)

const getPath = "/bench.v1.BenchService/Get"

type unaryCaller struct {
	number, got int64
	calls       *atomic.Int64
	ended       chan error
}

func (u *unaryCaller) message(_ *stream, message []byte) error {
	u.got = readNumber(message)
	return nil
}

func (u *unaryCaller) end(s *stream, problem error) {
	if problem == nil && u.got != u.number {
		problem = fmt.Errorf("the response to call %d has the number %d", u.number, u.got)
	}
	if problem == nil {
		u.calls.Add(1)
		problem = u.next(s.conn)
	}
	if problem != nil {
		select {
		case u.ended <- problem:
		default:
		}
	}
}

func (u *unaryCaller) next(c *connection) error {
	u.number++
	_, err := c.call(getPath, numberMessage(u.number), u)
	return err
}

// unary keeps calls in flight on one connection. The size is their number.
func unary(with settings) (result, error) {
	c, err := dial(with.address)
	if err != nil {
		return result{}, err
	}
	defer c.close()
	var calls atomic.Int64
	ended := make(chan error, 1)
	for range with.size {
		if err := (&unaryCaller{calls: &calls, ended: ended}).next(c); err != nil {
			return result{}, err
		}
	}
	if err := c.flush(); err != nil {
		return result{}, err
	}
	return measureRate(with, calls.Load, ended)
}
