package main

import (
	"encoding/binary"
	"fmt"
)

// The fields of bourse.quote.v1.WatchQuotesRequest that this client sets.
const (
	requestSymbols     = 1
	requestPolicy      = 3
	requestResumeAfter = 4

	// The policies for a slow reader: skip quotes, or end the stream.
	conflatePolicy   = 1
	disconnectPolicy = 2

	tickSymbolCount   = 100
	marketSymbolCount = 1_000
)

// watchRequest encodes a request for quotes. If the cursor is not nil, the stream resumes after it.
func watchRequest(symbols []string, policy byte, after *cursor) (request []byte) {
	for _, symbol := range symbols {
		request = append(request, requestSymbols<<3|2, byte(len(symbol)))
		request = append(request, symbol...)
	}
	request = append(request, requestPolicy<<3, policy)
	if after == nil {
		return request
	}
	position := binary.LittleEndian.AppendUint64([]byte{cursorEpoch<<3 | 1}, after.epoch)
	position = binary.AppendUvarint(append(position, cursorSeq<<3), uint64(after.seq))
	request = append(request, requestResumeAfter<<3|2, byte(len(position)))
	return append(request, position...)
}

// tickSymbols returns the symbols of the feed that a driver controls.
func tickSymbols() (symbols []string) {
	letter := func(index int) rune { return rune('A' + index%26) }
	for index := range tickSymbolCount {
		symbols = append(symbols, "S"+string([]rune{letter(index / 26), letter(index), letter(index * 7)}))
	}
	return symbols
}

func marketSymbol(index int) string {
	return fmt.Sprintf("M%03d", index)
}

// marketIndex returns the index of a symbol of the market, or -1 for any other symbol.
func marketIndex(symbol []byte) (index int) {
	if len(symbol) != 4 || symbol[0] != 'M' {
		return -1
	}
	for _, digit := range symbol[1:] {
		if digit < '0' || digit > '9' {
			return -1
		}
		index = 10*index + int(digit-'0')
	}
	return index
}
