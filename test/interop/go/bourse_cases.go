package main

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/dynamicpb"
)

// bourse is the caller of the complete server.
var bourse = sync.OnceValue(func() caller { return openCaller(mustGet("INTEROP_BOURSE"), settings{}) })

const (
	products = "bourse.product.v1.ProductService."
	quotes   = "bourse.quote.v1.QuoteService."
	health   = "grpc.health.v1.Health."
)

// The enum numbers in the protos.
const (
	phaseLive      = 2
	unknownSymbol  = 2
	serving        = 1
	notServing     = 2
	serviceUnknown = 3
)

var bourseCases = []testCase{
	{name: "list-products", run: func(ctx context.Context) {
		stream := stream(ctx, products+"ListProducts", "{}")
		total := must(strconv.Atoi(stream.header()["bourse-total-count"][0]))
		expect("products", len(all(stream)), total)
		expect("trailer", stream.trailer()["bourse-sent-count"], []string{strconv.Itoa(total)})
	}},
	{name: "get-product", run: func(ctx context.Context) {
		listed := get(one(stream(ctx, products+"ListProducts", "{}")), "product").Message()
		id := get(listed, "id").String()
		got := get(ask(ctx, products+"GetProduct", `{"id":"`+id+`"}`).ok(), "product").Message()
		expect("product", proto.Equal(got.Interface(), listed.Interface()), true)
		missing := ask(ctx, products+"GetProduct", `{"id":"00000000-0000-4000-8000-000000000000"}`)
		failedWith(missing.problem, notFound)
	}},
	{name: "create-product", run: func(ctx context.Context) {
		draft := `{"product":{"name":"Desk","price":{"currencyCode":"EUR","units":"250"},"laptop":{"brand":"none"}}}`
		made := ask(ctx, products+"CreateProduct", draft).ok()
		id := get(made, "product", "id").String()
		got := ask(ctx, products+"GetProduct", `{"id":"`+id+`"}`).ok()
		expect("name", get(got, "product", "name").String(), "Desk")
		expect("units", get(got, "product", "price", "units").Int(), 250)
		expect("brand", get(got, "product", "laptop", "brand").String(), "none")
	}},
	{name: "invalid-product", run: func(ctx context.Context) {
		failed := failedWith(ask(ctx, products+"CreateProduct", `{"product":{"name":""}}`).problem, invalidArgument)
		if len(failed.violations) != 1 || !strings.HasPrefix(failed.violations[0], "product.name: ") {
			fail("violations: %q", failed.violations)
		}
	}},
	{name: "watch-quotes", run: watchShowsLiveQuotes},
	{name: "health-check", run: func(ctx context.Context) {
		for _, service := range []string{"", "bourse.quote.v1.QuoteService"} {
			checked := ask(ctx, health+"Check", `{"service":"`+service+`"}`).ok()
			expect("status of "+service, get(checked, "status").Enum(), serving)
		}
		failedWith(ask(ctx, health+"Check", `{"service":"no.Such"}`).problem, notFound)
	}},
	{name: "health-watch", run: func(ctx context.Context) {
		expect("status", get(one(stream(ctx, health+"Watch", "{}")), "status").Enum(), serving)
		missing := stream(ctx, health+"Watch", `{"service":"no.Such"}`)
		expect("status of no.Such", get(one(missing), "status").Enum(), serviceUnknown)
	}},
}

// ask makes a unary call of the complete server.
func ask(ctx context.Context, name, json string) answer {
	method := methodOf(name)
	return bourse().unary(ctx, method, nil, fromJSON(method, json))
}

// stream opens a server stream of the complete server.
func stream(ctx context.Context, name, json string) incoming {
	method := methodOf(name)
	return bourse().serverStream(ctx, method, nil, fromJSON(method, json))
}

func watchShowsLiveQuotes(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	instruments := get(ask(ctx, quotes+"ListInstruments", "{}").ok(), "instruments").List()
	symbol := get(instruments.Get(0).Message(), "symbol").String()
	watch := stream(ctx, quotes+"WatchQuotes", `{"symbols":["`+symbol+`","NO.SUCH"]}`)
	id := watch.header()["bourse-stream-id"]

	first := one(watch)
	expect("stream id", []string{get(first, "started", "stream_id").String()}, id)
	subscriptions := get(first, "started", "subscriptions").List()
	expect("status of NO.SUCH", get(subscriptions.Get(1).Message(), "status").Enum(), unknownSymbol)

	live := func(response *dynamicpb.Message) bool {
		return get(response, "phase").Enum() == phaseLive && get(response, "quotes").List().Len() > 0
	}
	response := one(watch)
	for !live(response) {
		response = one(watch)
	}
	expect("symbol", get(get(response, "quotes").List().Get(0).Message(), "symbol").String(), symbol)
	cancel()
	failedWith(endOf(watch), canceled)
}

// hasAll fails the case unless the list contains all names.
func hasAll(what string, got []string, names ...string) {
	for _, name := range names {
		if !slices.Contains(got, name) {
			fail("%s: %s is not among %v", what, name, got)
		}
	}
}
