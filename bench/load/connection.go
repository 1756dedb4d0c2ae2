package main

import (
	"bytes"
	"errors"
	"net"
	"sync"

	"golang.org/x/net/http2/hpack"
)

const (
	// The default flow-control windows, so large that they never limit the server.
	streamWindow     = 4 << 20
	connectionWindow = 64 << 20
	readBufferBytes  = 256 << 10
	// The number of buffered bytes from which on the buffer is written.
	writeBufferBytes = 64 << 10
)

// A connection is a gRPC client over plaintext HTTP/2. It is minimal, so that the client is not the bottleneck. One
// goroutine reads. The messages that receivers send are written when no more bytes are available to read.
type connection struct {
	socket    net.Conn
	authority string
	decoder   *hpack.Decoder
	// The flow-control window of each stream.
	streamWindow int

	mutex         sync.Mutex
	changed       *sync.Cond
	out           []byte
	encoded       bytes.Buffer
	encoder       *hpack.Encoder
	sendWindow    int
	initialWindow int
	frameBytes    int
	nextID        uint32
	streams       map[uint32]*stream
	broken        error

	// The fields below are used only by the goroutine that reads.
	unacknowledged int
	block          []byte
	blockStream    *stream
	blockEnds      bool
}

func dial(address string) (*connection, error) {
	return dialWithWindow(address, streamWindow)
}

func dialWithWindow(address string, window int) (*connection, error) {
	socket, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	c := &connection{
		socket:        socket,
		authority:     address,
		streamWindow:  window,
		sendWindow:    defaultWindow,
		initialWindow: defaultWindow,
		frameBytes:    maxFrameBytes,
		nextID:        1,
		streams:       map[uint32]*stream{},
	}
	c.changed = sync.NewCond(&c.mutex)
	c.encoder = hpack.NewEncoder(&c.encoded)
	c.decoder = hpack.NewDecoder(4096, c.field)
	c.out = append(c.out, preface...)
	c.out = appendFrameHeader(c.out, 6, frameSettings, 0, 0)
	c.out = appendSetting(c.out, settingInitialWindow, uint32(window))
	c.out = appendWindowUpdate(c.out, 0, connectionWindow-defaultWindow)
	if err := c.flush(); err != nil {
		return nil, err
	}
	go c.read()
	return c, nil
}

func (c *connection) close() {
	c.socket.Close()
}

// open starts a call. Its headers are written with its first message.
func (c *connection) open(path string, to receiver) *stream {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	s := &stream{id: c.nextID, conn: c, to: to, sendWindow: c.initialWindow}
	c.nextID += 2
	c.streams[s.id] = s
	c.encoded.Reset()
	for _, field := range [][2]string{
		{":method", "POST"}, {":scheme", "http"}, {":path", path}, {":authority", c.authority},
		{"content-type", "application/grpc"}, {"user-agent", "bourse-bench/1.0"}, {"te", "trailers"},
	} {
		c.encoder.WriteField(hpack.HeaderField{Name: field[0], Value: field[1]})
	}
	c.out = appendFrameHeader(c.out, c.encoded.Len(), frameHeaders, flagEndHeaders, s.id)
	c.out = append(c.out, c.encoded.Bytes()...)
	return s
}

// call starts a call with one message and half-closes it.
func (c *connection) call(path string, message []byte, to receiver) (*stream, error) {
	s := c.open(path, to)
	return s, s.send(appendEnvelope(nil, message), true)
}

func (c *connection) flush() error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.flushLocked()
}

func (c *connection) flushLocked() error {
	if len(c.out) == 0 {
		return nil
	}
	_, err := c.socket.Write(c.out)
	c.out = c.out[:0]
	return err
}

func (c *connection) sendData(s *stream, bytes []byte, last bool) error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for {
		window := min(s.sendWindow, c.sendWindow, c.frameBytes, len(bytes))
		for window <= 0 && len(bytes) > 0 {
			if c.broken != nil {
				return c.broken
			}
			if err := c.flushLocked(); err != nil {
				return err
			}
			c.changed.Wait()
			window = min(s.sendWindow, c.sendWindow, c.frameBytes, len(bytes))
		}
		flags := byte(0)
		if last && window == len(bytes) {
			flags = flagEndStream
		}
		c.out = appendFrameHeader(c.out, window, frameData, flags, s.id)
		c.out = append(c.out, bytes[:window]...)
		s.sendWindow -= window
		c.sendWindow -= window
		bytes = bytes[window:]
		if len(c.out) >= writeBufferBytes {
			if err := c.flushLocked(); err != nil {
				return err
			}
		}
		if len(bytes) == 0 {
			return c.broken
		}
	}
}

var errClosed = errors.New("the server closed the connection")

func (c *connection) fail(problem error) {
	c.mutex.Lock()
	c.broken = problem
	streams := c.streams
	c.streams = map[uint32]*stream{}
	c.changed.Broadcast()
	c.mutex.Unlock()
	for _, s := range streams {
		s.finish(problem)
	}
}
