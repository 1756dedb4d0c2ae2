package main

import (
	"context"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"
	_ "google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
)

// grpcCases are the cases that use helpers of grpc-go.
var grpcCases = []testCase{
	{name: "health-helper", run: channelHealthFollowsService},
	{name: "reflection", run: reflectionDescribesServices},
}

var bourseChannel = sync.OnceValue(func() *grpc.ClientConn { return dialGrpc(mustGet("INTEROP_BOURSE"), settings{}) })

// channelHealthFollowsService verifies that the library watches the health of a service and selects servers by it.
func channelHealthFollowsService(ctx context.Context) {
	stub := healthv1.NewHealthClient(bourseChannel())
	expect("status", must(stub.Check(ctx, &healthv1.HealthCheckRequest{})).GetStatus(), healthv1.HealthCheckResponse_SERVING)
	for service, want := range map[string]connectivity.State{
		"bourse.quote.v1.QuoteService": connectivity.Ready,
		"no.Such":                      connectivity.TransientFailure,
	} {
		config := `{"loadBalancingConfig":[{"round_robin":{}}],"healthCheckConfig":{"serviceName":"` + service + `"}}`
		channel := dialGrpc(mustGet("INTEROP_BOURSE"), settings{}, grpc.WithDefaultServiceConfig(config))
		channel.Connect()
		for state := channel.GetState(); state != want; state = channel.GetState() {
			if !channel.WaitForStateChange(ctx, state) {
				fail("the channel that watches %s stays %s", service, state)
			}
		}
		_ = channel.Close()
	}
}

func reflectionDescribesServices(ctx context.Context) {
	stream := must(reflectionv1.NewServerReflectionClient(bourseChannel()).ServerReflectionInfo(ctx))
	ask := func(request *reflectionv1.ServerReflectionRequest) *reflectionv1.ServerReflectionResponse {
		mustNot(stream.Send(request))
		return must(stream.Recv())
	}
	listed := ask(&reflectionv1.ServerReflectionRequest{
		MessageRequest: &reflectionv1.ServerReflectionRequest_ListServices{},
	})
	var names []string
	for _, service := range listed.GetListServicesResponse().GetService() {
		names = append(names, service.GetName())
	}
	hasAll("services", names, "bourse.product.v1.ProductService", "bourse.quote.v1.QuoteService", "grpc.health.v1.Health")
	described := ask(&reflectionv1.ServerReflectionRequest{
		MessageRequest: &reflectionv1.ServerReflectionRequest_FileContainingSymbol{
			FileContainingSymbol: "bourse.product.v1.ProductService",
		},
	})
	var files []string
	for _, bytes := range described.GetFileDescriptorResponse().GetFileDescriptorProto() {
		file := new(descriptorpb.FileDescriptorProto)
		mustNot(proto.Unmarshal(bytes, file))
		files = append(files, file.GetName())
	}
	hasAll("files", files, "bourse/product/v1/product_service.proto", "bourse/product/v1/product.proto")
	mustNot(stream.CloseSend())
}
