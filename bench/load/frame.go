package main

import "encoding/binary"

// The frames and settings of HTTP/2 that a gRPC client needs: https://www.rfc-editor.org/rfc/rfc9113#section-6.
const (
	frameHeaderBytes = 9
	maxFrameBytes    = 16_384

	frameData         = 0x0
	frameHeaders      = 0x1
	frameReset        = 0x3
	frameSettings     = 0x4
	framePing         = 0x6
	frameGoAway       = 0x7
	frameWindowUpdate = 0x8
	frameContinuation = 0x9

	flagEndStream  = 0x1
	flagAck        = 0x1
	flagEndHeaders = 0x4
	flagPadded     = 0x8
	flagPriority   = 0x20

	settingInitialWindow = 0x4
	settingMaxFrame      = 0x5

	defaultWindow = 65_535
	preface       = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
)

type frameHeader struct {
	length int
	kind   byte
	flags  byte
	stream uint32
}

func parseFrameHeader(bytes []byte) frameHeader {
	return frameHeader{
		length: int(bytes[0])<<16 | int(bytes[1])<<8 | int(bytes[2]),
		kind:   bytes[3],
		flags:  bytes[4],
		stream: binary.BigEndian.Uint32(bytes[5:]) & 0x7fff_ffff,
	}
}

func appendFrameHeader(to []byte, length int, kind, flags byte, stream uint32) []byte {
	to = append(to, byte(length>>16), byte(length>>8), byte(length), kind, flags)
	return binary.BigEndian.AppendUint32(to, stream)
}

func appendWindowUpdate(to []byte, stream uint32, bytes int) []byte {
	to = appendFrameHeader(to, 4, frameWindowUpdate, 0, stream)
	return binary.BigEndian.AppendUint32(to, uint32(bytes))
}

func appendSetting(to []byte, id uint16, value uint32) []byte {
	to = binary.BigEndian.AppendUint16(to, id)
	return binary.BigEndian.AppendUint32(to, value)
}

// withoutPadding returns the content of a DATA or HEADERS frame without padding and priority fields.
func withoutPadding(header frameHeader, payload []byte) []byte {
	if header.flags&flagPadded != 0 {
		padding := int(payload[0])
		payload = payload[1 : len(payload)-padding]
	}
	if header.kind == frameHeaders && header.flags&flagPriority != 0 {
		payload = payload[5:]
	}
	return payload
}
