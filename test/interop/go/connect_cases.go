package main

import (
	"context"

	"connectrpc.com/grpcreflect"
)

// connectCases are the cases that use helpers of connect-go.
var connectCases = []testCase{
	{name: "reflection", run: func(ctx context.Context) {
		caller := bourse().(*connectCaller)
		stream := grpcreflect.NewClient(caller.http, caller.url, caller.protocol...).NewStream(ctx)
		var names []string
		for _, name := range must(stream.ListServices()) {
			names = append(names, string(name))
		}
		hasAll("services", names, "bourse.product.v1.ProductService", "bourse.quote.v1.QuoteService", "grpc.health.v1.Health")
		var files []string
		for _, file := range must(stream.FileContainingSymbol("bourse.product.v1.ProductService")) {
			files = append(files, file.GetName())
		}
		hasAll("files", files, "bourse/product/v1/product_service.proto", "bourse/product/v1/product.proto")
		must(stream.Close())
	}},
}
