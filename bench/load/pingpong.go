package main

import (
	"fmt"
	"sync/atomic"
)

const pingPongPath = "/bench.v1.BenchService/PingPong"

type pingPonger struct {
	number int64
	ping   []byte
	rounds *atomic.Int64
	ended  chan error
}

func (p *pingPonger) message(s *stream, message []byte) error {
	if got := readNumber(message); got != p.number {
		return fmt.Errorf("the response to ping %d has the number %d", p.number, got)
	}
	p.rounds.Add(1)
	return p.send(s)
}

func (p *pingPonger) end(_ *stream, problem error) {
	select {
	case p.ended <- problem:
	default:
	}
}

func (p *pingPonger) send(s *stream) error {
	p.number++
	p.ping = appendEnvelope(p.ping[:0], numberMessage(p.number))
	return s.send(p.ping, false)
}

// pingPong keeps one message in flight on each of its streams, all on one connection.
func pingPong(with settings) (result, error) {
	c, err := dial(with.address)
	if err != nil {
		return result{}, err
	}
	defer c.close()
	var rounds atomic.Int64
	ended := make(chan error, 1)
	for range with.size {
		player := &pingPonger{rounds: &rounds, ended: ended}
		if err := player.send(c.open(pingPongPath, player)); err != nil {
			return result{}, err
		}
	}
	if err := c.flush(); err != nil {
		return result{}, err
	}
	return measureRate(with, rounds.Load, ended)
}
