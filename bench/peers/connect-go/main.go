// A typical connect-go server with default options, on net/http with plaintext HTTP/2.
package main

import (
	"context"
	"errors"
	"io"
	"net/http"

	"connectrpc.com/connect"

	benchv1 "bourse/bench/gen/bench/v1"
	"bourse/bench/gen/bench/v1/benchv1connect"
	"bourse/bench/peers/gopeer"
)

type service struct {
	benchv1connect.UnimplementedBenchServiceHandler
	ticks *gopeer.Ticks
}

func main() {
	listener := gopeer.Listen()
	mux := http.NewServeMux()
	mux.Handle(benchv1connect.NewBenchServiceHandler(&service{ticks: gopeer.StartTicks()}))
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	server := &http.Server{Handler: mux, Protocols: protocols}
	gopeer.Announce(listener)
	gopeer.Fail(server.Serve(listener))
}

func (*service) Export(
	_ context.Context,
	request *connect.Request[benchv1.ExportRequest],
	stream *connect.ServerStream[benchv1.ExportResponse],
) error {
	for index := range request.Msg.Count {
		if err := stream.Send(gopeer.OrderAt(index)); err != nil {
			return err
		}
	}
	return nil
}

func (*service) Upload(
	_ context.Context,
	stream *connect.ClientStream[benchv1.UploadRequest],
) (*connect.Response[benchv1.UploadResponse], error) {
	response := &benchv1.UploadResponse{}
	for stream.Receive() {
		response.Count++
		response.Bytes += int64(len(stream.Msg().Chunk))
	}
	return connect.NewResponse(response), stream.Err()
}

func (*service) PingPong(
	_ context.Context,
	stream *connect.BidiStream[benchv1.PingPongRequest, benchv1.PingPongResponse],
) error {
	for {
		request, err := stream.Receive()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := stream.Send(&benchv1.PingPongResponse{Number: request.Number}); err != nil {
			return err
		}
	}
}

func (*service) Get(
	_ context.Context,
	request *connect.Request[benchv1.GetRequest],
) (*connect.Response[benchv1.GetResponse], error) {
	return connect.NewResponse(&benchv1.GetResponse{Number: request.Msg.Number}), nil
}

func (*service) Idle(
	ctx context.Context,
	_ *connect.Request[benchv1.IdleRequest],
	stream *connect.ServerStream[benchv1.IdleResponse],
) error {
	if err := stream.Send(&benchv1.IdleResponse{}); err != nil {
		return err
	}
	<-ctx.Done()
	return ctx.Err()
}

func (service *service) Watch(
	ctx context.Context,
	_ *connect.Request[benchv1.WatchRequest],
	stream *connect.ServerStream[benchv1.WatchResponse],
) error {
	quotes := service.ticks.Subscribe(ctx)
	defer service.ticks.Unsubscribe(quotes)
	if err := stream.Send(&benchv1.WatchResponse{}); err != nil {
		return err
	}
	for {
		select {
		case quote := <-quotes:
			if err := stream.Send(&benchv1.WatchResponse{Quote: quote}); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (service *service) Drive(
	_ context.Context,
	stream *connect.ClientStream[benchv1.DriveRequest],
) (*connect.Response[benchv1.DriveResponse], error) {
	response := &benchv1.DriveResponse{}
	for stream.Receive() {
		response.Ticks += stream.Msg().Ticks
		service.ticks.Allow(stream.Msg().Ticks)
	}
	return connect.NewResponse(response), stream.Err()
}
