package main

import (
	"context"
	"errors"
	"io"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
)

type grpcCaller struct{ connection *grpc.ClientConn }

func openGrpc(address string, with settings) caller {
	return grpcCaller{dialGrpc(address, with)}
}

func dialGrpc(address string, with settings, more ...grpc.DialOption) *grpc.ClientConn {
	options := append(more, grpc.WithTransportCredentials(insecure.NewCredentials()))
	var calls []grpc.CallOption
	if with.gzip {
		calls = append(calls, grpc.UseCompressor(gzip.Name))
	}
	if with.maxBytes > 0 {
		calls = append(calls, grpc.MaxCallRecvMsgSize(with.maxBytes))
	}
	if with.keepalive {
		// The library raises shorter intervals to ten seconds.
		options = append(options, grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: time.Second}))
	}
	return must(grpc.NewClient("passthrough:///"+address, append(options, grpc.WithDefaultCallOptions(calls...))...))
}

func (c grpcCaller) close()                { _ = c.connection.Close() }
func (c grpcCaller) separatesValues() bool { return true }

func (c grpcCaller) unary(ctx context.Context, method protoreflect.MethodDescriptor, sent headers, request *dynamicpb.Message) answer {
	var header, trailer metadata.MD
	message := dynamicpb.NewMessage(method.Output())
	err := c.connection.Invoke(withHeaders(ctx, sent), pathOf(method), request, message, grpc.Header(&header), grpc.Trailer(&trailer))
	return answer{message, headers(header), headers(trailer), grpcProblem(err)}
}

func (c grpcCaller) clientStream(ctx context.Context, method protoreflect.MethodDescriptor, sent headers, requests ...*dynamicpb.Message) answer {
	stream := c.open(ctx, method, sent)
	for _, request := range requests {
		// The server does not read after it has responded. The response contains the reason.
		if err := stream.SendMsg(request); errors.Is(err, io.EOF) {
			break
		} else {
			mustNot(err)
		}
	}
	mustNot(stream.CloseSend())
	message := dynamicpb.NewMessage(method.Output())
	err := stream.RecvMsg(message)
	header, _ := stream.Header()
	return answer{message, headers(header), headers(stream.Trailer()), grpcProblem(err)}
}

func (c grpcCaller) serverStream(ctx context.Context, method protoreflect.MethodDescriptor, sent headers, request *dynamicpb.Message) incoming {
	stream := c.bidiStream(ctx, method, sent)
	stream.send(request)
	stream.closeSend()
	return stream
}

func (c grpcCaller) bidiStream(ctx context.Context, method protoreflect.MethodDescriptor, sent headers) duplex {
	return grpcDuplex{c.open(ctx, method, sent), method}
}

func (c grpcCaller) open(ctx context.Context, method protoreflect.MethodDescriptor, sent headers) grpc.ClientStream {
	kind := &grpc.StreamDesc{ServerStreams: method.IsStreamingServer(), ClientStreams: method.IsStreamingClient()}
	return must(c.connection.NewStream(withHeaders(ctx, sent), kind, pathOf(method)))
}

type grpcDuplex struct {
	stream grpc.ClientStream
	method protoreflect.MethodDescriptor
}

func (d grpcDuplex) header() headers                 { return headers(must(d.stream.Header())) }
func (d grpcDuplex) trailer() headers                { return headers(d.stream.Trailer()) }
func (d grpcDuplex) send(request *dynamicpb.Message) { mustNot(d.stream.SendMsg(request)) }
func (d grpcDuplex) closeSend()                      { mustNot(d.stream.CloseSend()) }

func (d grpcDuplex) next() (*dynamicpb.Message, *problem) {
	message := dynamicpb.NewMessage(d.method.Output())
	switch err := d.stream.RecvMsg(message); {
	case err == nil:
		return message, nil
	case errors.Is(err, io.EOF):
		return nil, nil
	default:
		return nil, grpcProblem(err)
	}
}

func withHeaders(ctx context.Context, sent headers) context.Context {
	return metadata.NewOutgoingContext(ctx, metadata.MD(sent))
}

func grpcProblem(err error) *problem {
	if err == nil {
		return nil
	}
	known := status.Convert(err)
	found := &problem{code: uint32(known.Code()), message: known.Message()}
	for _, detail := range known.Details() {
		if bad, is := detail.(*errdetails.BadRequest); is {
			found.violations = violationsOf(bad)
		}
	}
	return found
}

func violationsOf(bad *errdetails.BadRequest) []string {
	var violations []string
	for _, each := range bad.GetFieldViolations() {
		violations = append(violations, each.GetField()+": "+each.GetDescription())
	}
	return violations
}
