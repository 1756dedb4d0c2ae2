package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"strconv"
	"sync/atomic"
	"time"
)

const (
	submitPath = "/bourse.order.v1.OrderService/SubmitOrders"
	// The field of a response that acknowledges an order.
	submitAccepted = 2
)

// A submitter keeps a number of orders in flight on one stream, and counts acknowledged orders.
type submitter struct {
	stored atomic.Int64
	// A slot for each order in flight.
	slots chan struct{}
	ended chan error
}

func (s *submitter) message(_ *stream, message []byte) error {
	accepted := false
	err := fields(message, func(field int, _ uint64, _ []byte) error {
		accepted = accepted || field == submitAccepted
		return nil
	})
	if err == nil && !accepted {
		err = fmt.Errorf("the server rejected order %d", s.stored.Load())
	}
	if err == nil {
		s.stored.Add(1)
		<-s.slots
	}
	return err
}

func (s *submitter) end(_ *stream, problem error) {
	if problem == nil {
		problem = errClosed
	}
	s.ended <- problem
}

// submit stores orders on one stream, and counts acknowledged orders, which are on the disk. The size is the number of
// orders in flight.
func submit(with settings) (result, error) {
	c, err := dial(with.address)
	if err != nil {
		return result{}, err
	}
	defer c.close()
	s := &submitter{slots: make(chan struct{}, with.size), ended: make(chan error, 1)}
	call := c.open(submitPath, s)
	prefix := fmt.Sprintf("%d/%d/", os.Getpid(), time.Now().UnixNano())
	go func() {
		for index := 0; ; index++ {
			select {
			case s.slots <- struct{}{}:
			default:
				// All slots are taken: the buffered orders must be sent before a response can arrive.
				if c.flush() != nil {
					return
				}
				s.slots <- struct{}{}
			}
			if call.send(appendEnvelope(nil, submitRequest(prefix, index)), false) != nil {
				return
			}
		}
	}()
	return measureRate(with, s.stored.Load, s.ended)
}

// submitRequest encodes a bourse.order.v1.SubmitOrdersRequest.
func submitRequest(prefix string, index int) []byte {
	text := func(to []byte, field int, value string) []byte {
		to = binary.AppendUvarint(to, uint64(field<<3|2))
		to = binary.AppendUvarint(to, uint64(len(value)))
		return append(to, value...)
	}
	number := func(to []byte, field int, value uint64) []byte {
		return binary.AppendUvarint(binary.AppendUvarint(to, uint64(field<<3)), value)
	}
	price := number(number(text(nil, 1, "GBP"), 2, uint64(1+index%20)), 3, 550_000_000)
	order := text(nil, 2, prefix+strconv.Itoa(index))
	order = text(order, 3, strconv.Itoa(536_365+index/20))
	order = text(order, 4, "P"+strconv.Itoa(10_000+index%4_000))
	order = text(order, 5, "BRASS READING LAMP WITH GREEN SHADE")
	order = number(order, 6, uint64(2*(1+index%48))) // zigzag
	order = text(order, 7, string(price))
	order = text(order, 8, strconv.Itoa(12_346+index%5_000))
	order = text(order, 9, "United Kingdom")
	order = text(order, 10, string(number(nil, 1, uint64(1_291_190_400+index))))
	return text(nil, 1, string(order))
}
