package main

import (
	"encoding/binary"
	"fmt"
)

// The fields of bourse.quote.v1.WatchQuotesRequest that are set.
const (
	requestSymbols     = 1
	requestPolicy      = 3
	requestResumeAfter = 4

	// Quotes of a reader that is too slow are skipped, or its stream ends.
	conflatePolicy   = 1
	disconnectPolicy = 2

	tickSymbolCount   = 100
	marketSymbolCount = 1_000
)

// watchRequest asks the hub for quotes; after a place, where one is given.
func watchRequest(symbols []string, policy byte, after *cursor) (request []byte) {
	for _, symbol := range symbols {
		request = append(request, requestSymbols<<3|2, byte(len(symbol)))
		request = append(request, symbol...)
	}
	request = append(request, requestPolicy<<3, policy)
	if after == nil {
		return request
	}
	place := binary.LittleEndian.AppendUint64([]byte{cursorEpoch<<3 | 1}, after.epoch)
	place = binary.AppendUvarint(append(place, cursorSeq<<3), uint64(after.seq))
	request = append(request, requestResumeAfter<<3|2, byte(len(place)))
	return append(request, place...)
}

// tickSymbols are those of the feed that publishes what it is allowed to.
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

// marketIndex is the other way round; -1 where it is none of the market's symbols.
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
