package main

import (
	"context"
	"sync"

	"google.golang.org/protobuf/types/dynamicpb"
)

// openCaller opens a caller of the library under test.
var openCaller func(address string, with settings) caller

// direct returns the caller of most cases.
var direct = sync.OnceValue(func() wire { return openWire("INTEROP_WIRE", settings{}) })

// openWire opens a caller of the wire service at the address in a variable.
func openWire(variable string, with settings) wire {
	return wire{caller: openCaller(mustGet(variable), with)}
}

// A wire calls the wire service. The first request of a call selects a scenario.
type wire struct {
	caller
	sent headers
}

// with returns a copy that sends headers.
func (w wire) with(sent headers) wire { return wire{w.caller, sent} }

// ask makes a unary call.
func (w wire) ask(ctx context.Context, scenario, text string) answer {
	method := methodOf("test.wire.v1.WireService.Unary")
	return w.unary(ctx, method, w.sent, wireRequest(method, scenario, text))
}

// watch opens a stream of responses.
func (w wire) watch(ctx context.Context, scenario, text string) incoming {
	method := methodOf("test.wire.v1.WireService.ServerStream")
	return w.serverStream(ctx, method, w.sent, wireRequest(method, scenario, text))
}

// push sends a stream of requests.
func (w wire) push(ctx context.Context, scenario string, texts ...string) answer {
	method := methodOf("test.wire.v1.WireService.ClientStream")
	var requests []*dynamicpb.Message
	for _, text := range texts {
		requests = append(requests, wireRequest(method, scenario, text))
	}
	return w.clientStream(ctx, method, w.sent, requests...)
}

// talk opens a bidirectional stream, and sends the first request.
func (w wire) talk(ctx context.Context, scenario, text string) conversation {
	method := methodOf("test.wire.v1.WireService.BidiStream")
	opened := conversation{w.bidiStream(ctx, method, w.sent)}
	opened.sendRequest(scenario, text)
	return opened
}

type conversation struct{ duplex }

func (c conversation) sendRequest(scenario, text string) {
	c.send(wireRequest(methodOf("test.wire.v1.WireService.BidiStream"), scenario, text))
}

// The kinds of call.
var kinds = []string{"unary", "server stream", "client stream", "bidi stream"}

// call makes a complete call of a kind with one request, and returns its outcome.
func (w wire) call(ctx context.Context, kind, scenario, text string) answer {
	switch kind {
	case "unary":
		return w.ask(ctx, scenario, text)
	case "client stream":
		return w.push(ctx, scenario, text)
	case "server stream":
		return drain(w.watch(ctx, scenario, text))
	default:
		stream := w.talk(ctx, scenario, text)
		stream.closeSend()
		return drain(stream)
	}
}

// drain reads a stream to its end.
func drain(stream incoming) answer {
	var ended answer
	for {
		message, problem := stream.next()
		if message == nil {
			ended.problem = problem
			break
		}
		ended.message = message
	}
	ended.header = stream.header()
	ended.trailer = stream.trailer()
	return ended
}
