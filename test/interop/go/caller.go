package main

import (
	"context"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
)

// headers are metadata with lower-case keys. The values of keys that end in "-bin" are bytes, not Base64.
type headers map[string][]string

// settings are the options of a caller.
type settings struct {
	gzip bool
	// Sends pings at the shortest interval of the library.
	keepalive bool
	// The maximum size of a received message in bytes. 0: the default of the library.
	maxBytes int
}

// A caller makes calls with one library over one protocol.
type caller interface {
	unary(ctx context.Context, method protoreflect.MethodDescriptor, sent headers, request *dynamicpb.Message) answer
	clientStream(ctx context.Context, method protoreflect.MethodDescriptor, sent headers, requests ...*dynamicpb.Message) answer
	serverStream(ctx context.Context, method protoreflect.MethodDescriptor, sent headers, request *dynamicpb.Message) incoming
	bidiStream(ctx context.Context, method protoreflect.MethodDescriptor, sent headers) duplex
	// Whether the library returns the values of a repeated key separately. If not, it joins them with ", ".
	separatesValues() bool
	close()
}

// An answer is the outcome of a call with one response.
type answer struct {
	message *dynamicpb.Message
	header  headers
	trailer headers
	problem *problem
}

// ok returns the response, and fails the case if there is none.
func (a answer) ok() *dynamicpb.Message {
	if a.problem != nil {
		fail("the call failed with code %d: %s", a.problem.code, a.problem.message)
	}
	return a.message
}

// incoming are the responses of a stream.
type incoming interface {
	// header waits for the headers, and returns them.
	header() headers
	// next waits for the next response. Returns nil at the end of the stream.
	next() (*dynamicpb.Message, *problem)
	// trailer returns the trailers. Call it after the end of the stream.
	trailer() headers
}

// A duplex is a bidirectional stream.
type duplex interface {
	incoming
	send(request *dynamicpb.Message)
	closeSend()
}

// A problem is the error of a call.
type problem struct {
	// The number of the code in gRPC and Connect.
	code    uint32
	message string
	// The field violations of the google.rpc.BadRequest among the details, as "field: description".
	violations []string
}

// The codes that the cases expect.
const (
	canceled           uint32 = 1
	deadlineExceeded   uint32 = 4
	invalidArgument    uint32 = 3
	notFound           uint32 = 5
	resourceExhausted  uint32 = 8
	failedPrecondition uint32 = 9
	unavailable        uint32 = 14
)

// failedWith fails the case unless the call has failed with the code.
func failedWith(p *problem, code uint32) *problem {
	if p == nil {
		fail("the call succeeded, want code %d", code)
	}
	if p.code != code {
		fail("code: got %d (%s), want %d", p.code, p.message, code)
	}
	return p
}

// all returns the responses of a successful stream.
func all(stream incoming) []*dynamicpb.Message {
	var messages []*dynamicpb.Message
	for {
		message, problem := stream.next()
		if problem != nil {
			fail("the stream failed with code %d: %s", problem.code, problem.message)
		}
		if message == nil {
			return messages
		}
		messages = append(messages, message)
	}
}

// one returns the next response of a stream.
func one(stream incoming) *dynamicpb.Message {
	message, problem := stream.next()
	if problem != nil {
		fail("the stream failed with code %d: %s", problem.code, problem.message)
	}
	if message == nil {
		fail("the stream ended without a response")
	}
	return message
}

// endOf reads a stream until it fails, and returns the problem.
func endOf(stream incoming) *problem {
	for {
		message, problem := stream.next()
		if message == nil {
			return problem
		}
	}
}
