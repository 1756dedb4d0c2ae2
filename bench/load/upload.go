package main

import (
	"encoding/binary"
	"fmt"
	"time"
)

const (
	uploadPath   = "/bench.v1.BenchService/Upload"
	chunkBytes   = 64 << 10
	bytesInAMega = 1e6
)

type answerReceiver struct {
	answer []byte
	ended  chan error
}

func (r *answerReceiver) message(_ *stream, message []byte) error {
	r.answer = append(r.answer[:0], message...)
	return nil
}

func (r *answerReceiver) end(_ *stream, problem error) { r.ended <- problem }

// upload sends chunks on one stream, and counts megabytes.
func upload(with settings) (result, error) {
	c, err := dial(with.address)
	if err != nil {
		return result{}, err
	}
	defer c.close()
	receiver := &answerReceiver{ended: make(chan error, 1)}
	s := c.open(uploadPath, receiver)
	chunk := appendEnvelope(nil, chunkMessage())
	all, err := sendFor(s, chunk, with.warm)
	if err != nil {
		return result{}, err
	}
	running := startMeter(with.pid)
	chunks, err := sendFor(s, chunk, with.measure)
	if err != nil {
		return result{}, err
	}
	if err := s.send(nil, true); err != nil {
		return result{}, err
	}
	if err := c.flush(); err != nil {
		return result{}, err
	}
	if err := <-receiver.ended; err != nil {
		return result{}, err
	}
	if got := readNumber(receiver.answer); got != all+chunks {
		return result{}, fmt.Errorf("the server counted %d chunks, expected %d", got, all+chunks)
	}
	return result{span: running.stop(with.pid, float64(chunks*chunkBytes)/bytesInAMega)}, nil
}

func sendFor(s *stream, chunk []byte, duration time.Duration) (count int64, err error) {
	for end := time.Now().Add(duration); time.Now().Before(end); count++ {
		if err := s.send(chunk, false); err != nil {
			return count, err
		}
	}
	return count, nil
}

func chunkMessage() []byte {
	message := binary.AppendUvarint([]byte{0x0a}, chunkBytes)
	for index := range chunkBytes {
		message = append(message, byte(index*7))
	}
	return message
}
