package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"

	"golang.org/x/net/http2/hpack"
)

// read handles received frames until the connection ends.
func (c *connection) read() {
	buffer := make([]byte, readBufferBytes)
	filled := 0
	for {
		count, err := c.socket.Read(buffer[filled:])
		if err != nil {
			if err == io.EOF || errors.Is(err, net.ErrClosed) {
				err = errClosed
			}
			c.fail(err)
			return
		}
		filled += count
		used, err := c.frames(buffer[:filled])
		if err == nil {
			err = c.flush()
		}
		if err != nil {
			c.socket.Close()
			c.fail(err)
			return
		}
		filled = copy(buffer, buffer[used:filled])
	}
}

// frames handles all complete frames, and returns the number of their bytes.
func (c *connection) frames(bytes []byte) (int, error) {
	used := 0
	for len(bytes)-used >= frameHeaderBytes {
		header := parseFrameHeader(bytes[used:])
		end := used + frameHeaderBytes + header.length
		if len(bytes) < end {
			break
		}
		if err := c.frame(header, bytes[used+frameHeaderBytes:end]); err != nil {
			return used, err
		}
		used = end
	}
	return used, nil
}

func (c *connection) frame(header frameHeader, payload []byte) error {
	switch header.kind {
	case frameData:
		return c.data(header, payload)
	case frameHeaders:
		c.blockStream = c.stream(header.stream)
		c.blockEnds = header.flags&flagEndStream != 0
		c.block = append(c.block[:0], withoutPadding(header, payload)...)
		return c.headers(header)
	case frameContinuation:
		c.block = append(c.block, payload...)
		return c.headers(header)
	case frameReset:
		if s := c.stream(header.stream); s != nil {
			c.forget(s)
			s.finish(fmt.Errorf("the server reset the stream with error code %d", binary.BigEndian.Uint32(payload)))
		}
	case frameSettings:
		c.settings(header, payload)
	case framePing:
		if header.flags&flagAck == 0 {
			c.mutex.Lock()
			c.out = appendFrameHeader(c.out, len(payload), framePing, flagAck, 0)
			c.out = append(c.out, payload...)
			c.mutex.Unlock()
		}
	case frameGoAway:
		return fmt.Errorf("the server sent GOAWAY with error code %d", binary.BigEndian.Uint32(payload[4:]))
	case frameWindowUpdate:
		c.windowUpdate(header.stream, int(binary.BigEndian.Uint32(payload)&0x7fff_ffff))
	}
	return nil
}

func (c *connection) data(header frameHeader, payload []byte) error {
	s := c.stream(header.stream)
	if s == nil {
		return c.acknowledge(nil, header.length)
	}
	if err := s.data(withoutPadding(header, payload)); err != nil {
		return err
	}
	if header.flags&flagEndStream == 0 {
		return c.acknowledge(s, header.length)
	}
	c.forget(s)
	s.finish(nil)
	return c.acknowledge(nil, header.length)
}

func (c *connection) headers(header frameHeader) error {
	if header.flags&flagEndHeaders == 0 {
		return nil
	}
	if _, err := c.decoder.Write(c.block); err != nil {
		return err
	}
	if err := c.decoder.Close(); err != nil {
		return err
	}
	if c.blockEnds && c.blockStream != nil {
		c.forget(c.blockStream)
		c.blockStream.finish(nil)
	}
	return nil
}

func (c *connection) field(field hpack.HeaderField) {
	if c.blockStream == nil {
		return
	}
	switch field.Name {
	case "grpc-status":
		c.blockStream.status = field.Value
	case "grpc-message":
		c.blockStream.statusText = field.Value
	}
}

// acknowledge increments the flow-control windows, in large steps.
func (c *connection) acknowledge(s *stream, bytes int) error {
	c.unacknowledged += bytes
	if s != nil {
		s.unacknowledged += bytes
	}
	whole := c.unacknowledged >= connectionWindow/4
	one := s != nil && s.unacknowledged >= c.streamWindow/4
	if !whole && !one {
		return nil
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if whole {
		c.out = appendWindowUpdate(c.out, 0, c.unacknowledged)
		c.unacknowledged = 0
	}
	if one {
		c.out = appendWindowUpdate(c.out, s.id, s.unacknowledged)
		s.unacknowledged = 0
	}
	return c.flushLocked()
}

func (c *connection) settings(header frameHeader, payload []byte) {
	if header.flags&flagAck != 0 {
		return
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for ; len(payload) >= 6; payload = payload[6:] {
		value := int(binary.BigEndian.Uint32(payload[2:]))
		switch binary.BigEndian.Uint16(payload) {
		case settingInitialWindow:
			for _, s := range c.streams {
				s.sendWindow += value - c.initialWindow
			}
			c.initialWindow = value
		case settingMaxFrame:
			c.frameBytes = value
		}
	}
	c.out = appendFrameHeader(c.out, 0, frameSettings, flagAck, 0)
	c.changed.Broadcast()
}

func (c *connection) windowUpdate(id uint32, bytes int) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if id == 0 {
		c.sendWindow += bytes
	} else if s := c.streams[id]; s != nil {
		s.sendWindow += bytes
	}
	c.changed.Broadcast()
}

func (c *connection) stream(id uint32) *stream {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.streams[id]
}

func (c *connection) forget(s *stream) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	delete(c.streams, s.id)
}
