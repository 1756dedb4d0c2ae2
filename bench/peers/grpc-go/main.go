// A typical grpc-go server with default options.
package main

import (
	"context"
	"io"

	"google.golang.org/grpc"

	benchv1 "bourse/bench/gen/bench/v1"
	orderv1 "bourse/bench/gen/bourse/order/v1"
	"bourse/bench/peers/gopeer"
)

type service struct {
	benchv1.UnimplementedBenchServiceServer
	ticks  *gopeer.Ticks
	orders *orders
}

func main() {
	listener := gopeer.Listen()
	server := grpc.NewServer()
	stored := &orders{}
	benchv1.RegisterBenchServiceServer(server, &service{ticks: gopeer.StartTicks(), orders: stored})
	orderv1.RegisterOrderServiceServer(server, stored)
	gopeer.Announce(listener)
	gopeer.Fail(server.Serve(listener))
}

func (*service) Export(request *benchv1.ExportRequest, stream grpc.ServerStreamingServer[benchv1.ExportResponse]) error {
	for index := range request.Count {
		if err := stream.Send(gopeer.OrderAt(index)); err != nil {
			return err
		}
	}
	return nil
}

func (*service) Upload(stream grpc.ClientStreamingServer[benchv1.UploadRequest, benchv1.UploadResponse]) error {
	response := &benchv1.UploadResponse{}
	for {
		request, err := stream.Recv()
		if err == io.EOF {
			return stream.SendAndClose(response)
		}
		if err != nil {
			return err
		}
		response.Count++
		response.Bytes += int64(len(request.Chunk))
	}
}

func (*service) Store(stream grpc.ClientStreamingServer[benchv1.StoreRequest, benchv1.StoreResponse]) error {
	stored, err := gopeer.NewStored()
	if err != nil {
		return err
	}
	defer stored.Close()
	for {
		request, err := stream.Recv()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if err := stored.Append(request.Chunk); err != nil {
			return err
		}
	}
	sum, err := stored.Finish()
	if err != nil {
		return err
	}
	return stream.SendAndClose(&benchv1.StoreResponse{Bytes: stored.Bytes, Sha256: sum})
}

func (*service) PingPong(stream grpc.BidiStreamingServer[benchv1.PingPongRequest, benchv1.PingPongResponse]) error {
	for {
		request, err := stream.Recv()
		if err == io.EOF {
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

func (*service) Get(_ context.Context, request *benchv1.GetRequest) (*benchv1.GetResponse, error) {
	return &benchv1.GetResponse{Number: request.Number}, nil
}

func (*service) Idle(_ *benchv1.IdleRequest, stream grpc.ServerStreamingServer[benchv1.IdleResponse]) error {
	if err := stream.Send(&benchv1.IdleResponse{}); err != nil {
		return err
	}
	<-stream.Context().Done()
	return stream.Context().Err()
}

func (service *service) Watch(_ *benchv1.WatchRequest, stream grpc.ServerStreamingServer[benchv1.WatchResponse]) error {
	quotes := service.ticks.Subscribe(stream.Context())
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
		case <-stream.Context().Done():
			return stream.Context().Err()
		}
	}
}

func (service *service) Drive(stream grpc.ClientStreamingServer[benchv1.DriveRequest, benchv1.DriveResponse]) error {
	response := &benchv1.DriveResponse{}
	for {
		request, err := stream.Recv()
		if err == io.EOF {
			return stream.SendAndClose(response)
		}
		if err != nil {
			return err
		}
		response.Ticks += request.Ticks
		service.ticks.Allow(request.Ticks)
	}
}
