package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
)

// pingEvery is the idle time after which a connection with keepalive sends a ping.
const pingEvery = 100 * time.Millisecond

type (
	connectClient = connect.Client[dynamicpb.Message, dynamicpb.Message]
	connectCaller struct {
		http      *http.Client
		url       string
		protocol  []connect.ClientOption
		options   []connect.ClientOption
		separates bool
	}
)

// connectOpener opens callers over a protocol. The default is Connect.
func connectOpener(separatesValues bool, protocol ...connect.ClientOption) func(address string, with settings) caller {
	return func(address string, with settings) caller {
		options := append([]connect.ClientOption{connect.WithResponseInitializer(initialize)}, protocol...)
		if with.gzip {
			options = append(options, connect.WithSendGzip())
		}
		if with.maxBytes > 0 {
			options = append(options, connect.WithReadMaxBytes(with.maxBytes))
		}
		return &connectCaller{overHTTP2(with), "http://" + address, protocol, options, separatesValues}
	}
}

// overHTTP2 returns a client for plaintext HTTP/2 only.
func overHTTP2(with settings) *http.Client {
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: protocols}
	if with.keepalive {
		transport.HTTP2 = &http.HTTP2Config{SendPingTimeout: pingEvery, PingTimeout: caseLimit}
	}
	return &http.Client{Transport: transport}
}

// initialize sets the message type of a response.
func initialize(spec connect.Spec, message any) error {
	if dynamic, is := message.(*dynamicpb.Message); is {
		*dynamic = *dynamicpb.NewMessage(spec.Schema.(protoreflect.MethodDescriptor).Output())
	}
	return nil
}

func (c *connectCaller) client(method protoreflect.MethodDescriptor) *connectClient {
	options := append([]connect.ClientOption{connect.WithSchema(method)}, c.options...)
	return connect.NewClient[dynamicpb.Message, dynamicpb.Message](c.http, c.url+pathOf(method), options...)
}

func (c *connectCaller) close()                { c.http.CloseIdleConnections() }
func (c *connectCaller) separatesValues() bool { return c.separates }

func (c *connectCaller) unary(ctx context.Context, method protoreflect.MethodDescriptor, sent headers, message *dynamicpb.Message) answer {
	request := connect.NewRequest(message)
	sendHeaders(sent, request.Header())
	return connectAnswer(c.client(method).CallUnary(ctx, request))
}

func (c *connectCaller) clientStream(ctx context.Context, method protoreflect.MethodDescriptor, sent headers, requests ...*dynamicpb.Message) answer {
	stream := c.client(method).CallClientStream(ctx)
	sendHeaders(sent, stream.RequestHeader())
	for _, request := range requests {
		// The server does not read after it has responded. The response contains the reason.
		if stream.Send(request) != nil {
			break
		}
	}
	return connectAnswer(stream.CloseAndReceive())
}

func (c *connectCaller) serverStream(ctx context.Context, method protoreflect.MethodDescriptor, sent headers, message *dynamicpb.Message) incoming {
	request := connect.NewRequest(message)
	sendHeaders(sent, request.Header())
	return connectIncoming{must(c.client(method).CallServerStream(ctx, request))}
}

func (c *connectCaller) bidiStream(ctx context.Context, method protoreflect.MethodDescriptor, sent headers) duplex {
	stream := c.client(method).CallBidiStream(ctx)
	sendHeaders(sent, stream.RequestHeader())
	return connectDuplex{stream}
}

type connectIncoming struct {
	stream *connect.ServerStreamForClient[dynamicpb.Message]
}

func (i connectIncoming) header() headers  { return readHeaders(i.stream.ResponseHeader()) }
func (i connectIncoming) trailer() headers { return readHeaders(i.stream.ResponseTrailer()) }

func (i connectIncoming) next() (*dynamicpb.Message, *problem) {
	if i.stream.Receive() {
		return i.stream.Msg(), nil
	}
	return nil, connectProblem(i.stream.Err())
}

type connectDuplex struct {
	stream *connect.BidiStreamForClient[dynamicpb.Message, dynamicpb.Message]
}

func (d connectDuplex) header() headers                 { return readHeaders(d.stream.ResponseHeader()) }
func (d connectDuplex) trailer() headers                { return readHeaders(d.stream.ResponseTrailer()) }
func (d connectDuplex) send(request *dynamicpb.Message) { mustNot(d.stream.Send(request)) }
func (d connectDuplex) closeSend()                      { mustNot(d.stream.CloseRequest()) }

func (d connectDuplex) next() (*dynamicpb.Message, *problem) {
	message, err := d.stream.Receive()
	if err == nil {
		return message, nil
	}
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	return nil, connectProblem(err)
}

func connectAnswer(response *connect.Response[dynamicpb.Message], err error) answer {
	if err == nil {
		return answer{response.Msg, readHeaders(response.Header()), readHeaders(response.Trailer()), nil}
	}
	// The library merges the headers and trailers of a failed call.
	var known *connect.Error
	if errors.As(err, &known) {
		meta := readHeaders(known.Meta())
		return answer{nil, meta, meta, connectProblem(err)}
	}
	return answer{problem: connectProblem(err)}
}

func connectProblem(err error) *problem {
	if err == nil {
		return nil
	}
	found := &problem{code: uint32(connect.CodeOf(err)), message: err.Error()}
	var known *connect.Error
	if !errors.As(err, &known) {
		return found
	}
	for _, detail := range known.Details() {
		value := must(detail.Value())
		if bad, is := value.(*errdetails.BadRequest); is {
			found.violations = violationsOf(bad)
		}
	}
	return found
}

func sendHeaders(sent headers, into http.Header) {
	for key, values := range sent {
		for _, value := range values {
			if strings.HasSuffix(key, "-bin") {
				value = connect.EncodeBinaryHeader([]byte(value))
			}
			into.Add(key, value)
		}
	}
}

func readHeaders(from http.Header) headers {
	read := headers{}
	for name, values := range from {
		key := strings.ToLower(name)
		for _, value := range values {
			if strings.HasSuffix(key, "-bin") {
				value = string(must(connect.DecodeBinaryHeader(value)))
			}
			read[key] = append(read[key], value)
		}
	}
	return read
}
