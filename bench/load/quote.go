package main

import (
	"encoding/binary"
	"errors"
	"time"
)

// The fields that are looked at, of bourse.quote.v1.Quote, its timestamp, and the two kinds of responses.
const (
	responseQuote    = 1
	responseCaughtUp = 5
	quoteSourceTime  = 13
	quoteSeq         = 14
	timeSeconds      = 1
	timeNanos        = 2
)

var errMalformed = errors.New("a message is malformed")

// fields calls back with each field: its number, its value where that is a number, its bytes where it has a length.
func fields(message []byte, visit func(field int, number uint64, bytes []byte) error) error {
	for len(message) > 0 {
		tag, size := binary.Uvarint(message)
		if size <= 0 {
			return errMalformed
		}
		message = message[size:]
		var number uint64
		var bytes []byte
		switch tag & 7 {
		case 0:
			number, size = binary.Uvarint(message)
		case 1:
			size = 8
		case 2:
			var length uint64
			length, size = binary.Uvarint(message)
			if size <= 0 || uint64(len(message)-size) < length {
				return errMalformed
			}
			bytes = message[size : size+int(length)]
			size += int(length)
		default:
			return errMalformed
		}
		if size <= 0 || len(message) < size {
			return errMalformed
		}
		message = message[size:]
		if err := visit(int(tag>>3), number, bytes); err != nil {
			return err
		}
	}
	return nil
}

// seqOf finds a quote's place in the log without looking at more than it must: numbers of one byte of tag are skipped
// by their kind.
func seqOf(quote []byte) (int64, error) {
	at := 0
	for at < len(quote) {
		tag := quote[at]
		at++
		switch tag & 7 {
		case 0:
			number, size := binary.Uvarint(quote[at:])
			if size <= 0 {
				return 0, errMalformed
			}
			if tag == quoteSeq<<3 {
				return int64(number), nil
			}
			at += size
		case 1:
			at += 8
		case 2:
			if at >= len(quote) {
				return 0, errMalformed
			}
			at += 1 + int(quote[at])
		default:
			return 0, errMalformed
		}
	}
	return 0, errMalformed
}

func sourceTimeOf(quote []byte) (at time.Duration, err error) {
	err = fields(quote, func(field int, _ uint64, bytes []byte) error {
		if field != quoteSourceTime {
			return nil
		}
		return fields(bytes, func(field int, number uint64, _ []byte) error {
			switch field {
			case timeSeconds:
				at += time.Duration(number) * time.Second
			case timeNanos:
				at += time.Duration(number)
			}
			return nil
		})
	})
	return at, err
}
