package main

import (
	"encoding/binary"
	"errors"
	"time"
)

// The fields of bourse.quote.v1.Quote, of its timestamp, of its cursor, and of the responses that this client reads.
const (
	responseQuote      = 1
	responseCursor     = 3
	responseCaughtUp   = 5
	cursorEpoch        = 1
	cursorSeq          = 2
	quoteSymbol        = 1
	quoteSourceTime    = 13
	quoteSeq           = 14
	quoteInstrumentSeq = 15
	timeSeconds        = 1
	timeNanos          = 2
)

var errMalformed = errors.New("a message is malformed")

// fields calls visit for each field with the field number, and with the value of a numeric field or the bytes of a
// length-delimited field.
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
			if size = 8; len(message) >= size {
				number = binary.LittleEndian.Uint64(message)
			}
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

// eachQuote calls visit for each quote of a response, and returns the bytes after the quotes.
func eachQuote(message []byte, visit func(quote []byte) error) (rest []byte, err error) {
	for len(message) > 0 && message[0] == responseQuote<<3|2 {
		length, size := binary.Uvarint(message[1:])
		end := 1 + size + int(length)
		if size <= 0 || end > len(message) {
			return nil, errMalformed
		}
		if err := visit(message[1+size : end]); err != nil {
			return nil, err
		}
		message = message[end:]
	}
	return message, nil
}

// A parsedQuote has the fields that the market's watchers need.
type parsedQuote struct {
	symbol        []byte
	sourceTime    []byte
	instrumentSeq int64
}

// parseQuote reads a quote up to its instrument sequence number.
func parseQuote(quote []byte) (parsed parsedQuote, err error) {
	for at := 0; at < len(quote); {
		tag := quote[at]
		at++
		switch tag & 7 {
		case 0:
			number, size := binary.Uvarint(quote[at:])
			if size <= 0 {
				return parsed, errMalformed
			}
			if tag == quoteInstrumentSeq<<3 {
				parsed.instrumentSeq = int64(number)
				return parsed, nil
			}
			at += size
		case 1:
			at += 8
		case 2:
			if at >= len(quote) || at+1+int(quote[at]) > len(quote) {
				return parsed, errMalformed
			}
			bytes := quote[at+1 : at+1+int(quote[at])]
			switch tag >> 3 {
			case quoteSymbol:
				parsed.symbol = bytes
			case quoteSourceTime:
				parsed.sourceTime = bytes
			}
			at += 1 + len(bytes)
		default:
			return parsed, errMalformed
		}
	}
	return parsed, errMalformed
}

// seqOf returns the sequence number of a quote. It skips the other fields by their wire type, and assumes tags and
// lengths of one byte.
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
		at, err = timeOf(bytes)
		return err
	})
	return at, err
}

func timeOf(timestamp []byte) (at time.Duration, err error) {
	err = fields(timestamp, func(field int, number uint64, _ []byte) error {
		switch field {
		case timeSeconds:
			at += time.Duration(number) * time.Second
		case timeNanos:
			at += time.Duration(number)
		}
		return nil
	})
	return at, err
}

// A cursor is a position in the log of quotes.
type cursor struct {
	epoch uint64
	seq   int64
}

func cursorOf(message []byte) (position cursor, err error) {
	err = fields(message, func(field int, number uint64, _ []byte) error {
		switch field {
		case cursorEpoch:
			position.epoch = number
		case cursorSeq:
			position.seq = int64(number)
		}
		return nil
	})
	return position, err
}
