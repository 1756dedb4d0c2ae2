package main

import (
	"encoding/binary"
	"errors"
	"fmt"
)

const envelopeHeaderBytes = 5

// A receiver handles the messages of a stream. It runs on the goroutine that reads the connection, and must not block.
type receiver interface {
	// message is called with each message. The bytes are valid until it returns.
	message(s *stream, message []byte) error
	// end is called once with the error of the stream, which is nil for the status OK.
	end(s *stream, problem error)
}

// A stream is one call.
type stream struct {
	id   uint32
	conn *connection
	to   receiver
	// Guarded by the connection's mutex.
	sendWindow int
	// The fields below are used only by the goroutine that reads the connection.
	unacknowledged int
	partial        []byte
	status         string
	statusText     string
	ended          bool
}

// data splits the received bytes into messages.
func (s *stream) data(bytes []byte) error {
	if len(s.partial) > 0 {
		s.partial = append(s.partial, bytes...)
		bytes = s.partial
	}
	for len(bytes) >= envelopeHeaderBytes {
		if bytes[0] != 0 {
			return errors.New("received a compressed message, but the request accepts no compression")
		}
		end := envelopeHeaderBytes + int(binary.BigEndian.Uint32(bytes[1:]))
		if len(bytes) < end {
			break
		}
		if err := s.to.message(s, bytes[envelopeHeaderBytes:end]); err != nil {
			return err
		}
		bytes = bytes[end:]
	}
	s.partial = append(s.partial[:0], bytes...)
	return nil
}

func (s *stream) finish(problem error) {
	if s.ended {
		return
	}
	s.ended = true
	if problem == nil && s.status != "0" {
		problem = fmt.Errorf("the call ended with status %q: %s", s.status, s.statusText)
	}
	s.to.end(s, problem)
}

// send sends complete messages in their envelopes. It blocks until the server's window allows them, so a receiver may
// send only small messages.
func (s *stream) send(envelopes []byte, last bool) error {
	return s.conn.sendData(s, envelopes, last)
}

// appendEnvelope appends a message with its gRPC envelope.
func appendEnvelope(to, message []byte) []byte {
	to = append(to, 0)
	to = binary.BigEndian.AppendUint32(to, uint32(len(message)))
	return append(to, message...)
}

// numberMessage encodes a message whose first field is a number.
func numberMessage(number int64) []byte {
	return binary.AppendUvarint([]byte{0x08}, uint64(number))
}

// readNumber reads the first field of such a message. Returns 0 if the field is absent.
func readNumber(message []byte) int64 {
	if len(message) == 0 {
		return 0
	}
	number, _ := binary.Uvarint(message[1:])
	return int64(number)
}
