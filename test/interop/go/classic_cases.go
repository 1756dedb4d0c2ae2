package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"bourse/interop/gen/helloworld"
	"bourse/interop/gen/services"
	"bourse/interop/gen/streams"
)

// dialClassic connects like the clients of the tutorials.
func dialClassic(more ...grpc.DialOption) *grpc.ClientConn {
	options := append(more, grpc.WithTransportCredentials(insecure.NewCredentials()))
	return must(grpc.NewClient("passthrough:///"+mustGet("INTEROP_BOURSE"), options...))
}

// largest is more than the maximum message size of the server.
const largest = 5 << 20

// classicStreamCases are the cases of all classic services except laptops.
var classicStreamCases = []testCase{
	{name: "get-products", run: func(ctx context.Context) {
		const size = 1000
		stream := must(services.NewProductInfoClient(dialClassic()).GetProducts(ctx, &services.ProductRequest{Size: size}))
		expect("token", must(stream.Header()).Get("token"), []string{"hello"})
		products := receiveAll(stream)
		expect("products", len(products), size)
		names := map[string]bool{}
		for at, product := range products {
			expect("id", product.GetId(), int32(at+1))
			names[product.GetName()] = true
		}
		expect("names that are not empty and differ", len(names), size)
		for id := 1; id <= size; id++ {
			end := fmt.Sprintf("end%d", id)
			expect("trailer", stream.Trailer().Get(end), []string{end})
		}
	}},
	{name: "get-products-bad-size", run: func(ctx context.Context) {
		for _, size := range []int32{0, -1, 1001} {
			stream := must(services.NewProductInfoClient(dialClassic()).GetProducts(ctx, &services.ProductRequest{Size: size}))
			failedClassic(endOfClassic(stream), codes.InvalidArgument, "size")
			expect("token", must(stream.Header()).Get("token"), nil)
		}
	}},
	{name: "get-products-cancel", run: func(ctx context.Context) {
		ctx, cancel := context.WithCancel(ctx)
		stream := must(services.NewProductInfoClient(dialClassic()).GetProducts(ctx, &services.ProductRequest{Size: 1000}))
		must(stream.Recv())
		cancel()
		failedClassic(endOfClassic(stream), codes.Canceled, "")
	}},
	{name: "get-products-header-list-size", run: func(ctx context.Context) {
		client := services.NewProductInfoClient(dialClassic(grpc.WithMaxHeaderListSize(8192)))
		stream := must(client.GetProducts(ctx, &services.ProductRequest{Size: 1000}))
		message := failedClassic(endOfClassic(stream), codes.ResourceExhausted, "exceed")
		parts := strings.Fields(message)
		fits := must(strconv.Atoi(parts[len(parts)-4]))
		expect("a number below 1,000 fits", fits > 100 && fits < 1000, true)
		stream = must(client.GetProducts(ctx, &services.ProductRequest{Size: int32(fits)}))
		expect("products", len(receiveAll(stream)), fits)
		expect("last trailer", stream.Trailer().Get(fmt.Sprintf("end%d", fits)), []string{fmt.Sprintf("end%d", fits)})
	}},
	{name: "route", run: func(ctx context.Context) {
		answer := must(streams.NewStreamServerClient(dialClassic()).Route(ctx, &streams.SimpleRequest{Data: "grpc"}))
		expect("answer", [2]any{answer.GetCode(), answer.GetValue()}, [2]any{int32(200), "grpc"})
	}},
	{name: "list-value", run: func(ctx context.Context) {
		stream := must(streams.NewStreamServerClient(dialClassic()).ListValue(ctx, &streams.SimpleRequest{Data: "stream "}))
		values := textsOf(receiveAll(stream), (*streams.StreamResponse).GetStreamValue)
		expect("values", values, []string{"stream 0", "stream 1", "stream 2", "stream 3", "stream 4"})
	}},
	{name: "list-value-quotes", run: func(ctx context.Context) {
		ctx, cancel := context.WithCancel(ctx)
		stream := must(streams.NewStreamServerClient(dialClassic()).ListValue(ctx, &streams.SimpleRequest{Data: "TEST"}))
		var last string
		for range 3 {
			value := must(stream.Recv()).GetStreamValue()
			if !strings.HasPrefix(value, "TEST bid ") || value == last {
				fail("a quote of TEST: got %q after %q", value, last)
			}
			last = value
		}
		cancel()
		failedClassic(endOfClassic(stream), codes.Canceled, "")
	}},
	{name: "sum-data", run: sumsWhileBothSidesSend},
	{name: "server-stream", run: func(ctx context.Context) {
		stream := must(helloworld.NewServerStreamServerClient(dialClassic()).ServerStream(ctx, &helloworld.StreamText{Data: "hi"}))
		expect("texts", textsOf(receiveAll(stream), (*helloworld.StreamText).GetData), []string{"hi", "hi", "hi", "hi", "hi"})
	}},
	{name: "client-stream", run: func(ctx context.Context) {
		stream := must(helloworld.NewClientStreamServerClient(dialClassic()).ClientStream(ctx))
		for _, text := range []string{"a", "b", "", "ü"} {
			mustNot(stream.Send(&helloworld.StreamText{Data: text}))
		}
		expect("joined", must(stream.CloseAndRecv()).GetData(), "a,b,,ü")
	}},
	{name: "client-stream-too-long", run: func(ctx context.Context) {
		stream := must(helloworld.NewClientStreamServerClient(dialClassic()).ClientStream(ctx))
		sendUntilClosed(stream, &helloworld.StreamText{Data: strings.Repeat("x", 1<<19)}, 3)
		_, err := stream.CloseAndRecv()
		failedClassic(err, codes.ResourceExhausted, "1,048,576")
	}},
	{name: "all-stream", run: sendsAndReceives},
	{name: "order-list", run: listsOrders},
	{name: "order-list-cancel", run: func(ctx context.Context) {
		ctx, cancel := context.WithCancel(ctx)
		stream := must(streams.NewStreamServiceClient(dialClassic()).OrderList(ctx, &streams.OrderSearchParams{}))
		_, _ = stream.Recv()
		cancel()
		failedClassic(endOfClassic(stream), codes.Canceled, "")
	}},
	{name: "upload-file", run: func(ctx context.Context) {
		mustNot(uploadFiles(ctx, 5, "text"))
		mustNot(uploadFiles(ctx, 0, ""))
	}},
	{name: "upload-file-too-much", run: func(ctx context.Context) {
		failedClassic(uploadFiles(ctx, 5, strings.Repeat("x", 1<<20)), codes.ResourceExhausted, "4,194,304")
	}},
	{name: "message-too-large", run: func(ctx context.Context) {
		request := &streams.SimpleRequest{Data: strings.Repeat("x", largest)}
		_, err := streams.NewStreamServerClient(dialClassic()).Route(ctx, request)
		failedClassic(err, codes.ResourceExhausted, "bytes that Route accepts")
	}},
}

func sumsWhileBothSidesSend(ctx context.Context) {
	stream := must(streams.NewStreamServiceClient(dialClassic()).SumData(ctx))
	expect("before any number", must(stream.Recv()).GetNumber(), 0)
	for at, number := range []int32{7, -7, 1<<31 - 1} {
		mustNot(stream.Send(&streams.StreamSumData{Number: number}))
		expect("count", must(stream.Recv()).GetNumber(), int32(at+1))
	}
	mustNot(stream.CloseSend())
	expect("rest", len(receiveAll(stream)), 0)
}

// orderCount is the number of demo orders of the server.
const orderCount = 1000

var dateOfOrder = regexp.MustCompile(`^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$`)

func listsOrders(ctx context.Context) {
	client := streams.NewStreamServiceClient(dialClassic())
	for {
		orders := receiveAll(must(client.OrderList(ctx, &streams.OrderSearchParams{})))
		for at, each := range orders {
			order := each.GetOrder()
			expect("id", order.GetId(), int32(at+1))
			if order.GetOrderSn() == "" || !dateOfOrder.MatchString(order.GetDate()) {
				fail("order: got %v", order)
			}
		}
		// The server is still creating the demo orders after its start.
		if len(orders) == orderCount {
			return
		}
	}
}

func uploadFiles(ctx context.Context, count int, text string) error {
	stream := must(streams.NewStreamServiceClient(dialClassic()).UploadFile(ctx))
	message := &streams.StreamUploadList{Image: &streams.Image{FileName: "go.txt", File: text}}
	sendUntilClosed(stream, message, count)
	_, err := stream.CloseAndRecv()
	return err
}

func sendsAndReceives(ctx context.Context) {
	stream := must(helloworld.NewAllStreamServerClient(dialClassic()).AllStream(ctx))
	for at := range 5 {
		expect("data", must(stream.Recv()).GetData(), strconv.Itoa(at))
		mustNot(stream.Send(&helloworld.StreamText{Data: "client"}))
	}
	mustNot(stream.Send(&helloworld.StreamText{Data: "still open"}))
	mustNot(stream.CloseSend())
	expect("rest", len(receiveAll(stream)), 0)
}

// receiveAll returns the messages of a successful stream.
func receiveAll[Message any](stream interface{ Recv() (Message, error) }) []Message {
	var messages []Message
	for {
		message, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return messages
		}
		messages = append(messages, must(message, err))
	}
}

// endOfClassic reads a stream until it fails, and returns the error.
func endOfClassic[Message any](stream interface{ Recv() (Message, error) }) error {
	for {
		if _, err := stream.Recv(); err != nil {
			return err
		}
	}
}

// sendUntilClosed sends a message several times. It stops early if the server has responded.
func sendUntilClosed[Message any](stream interface{ Send(Message) error }, message Message, times int) {
	for range times {
		if err := stream.Send(message); errors.Is(err, io.EOF) {
			return
		} else {
			mustNot(err)
		}
	}
}

// failedClassic fails the case unless the error has the code and a message that contains a text. Returns the message.
func failedClassic(err error, code codes.Code, text string) string {
	known := status.Convert(err)
	if known.Code() != code || !strings.Contains(known.Message(), text) {
		fail("end: got %v: %s, want %v: %s", known.Code(), known.Message(), code, text)
	}
	return known.Message()
}

func textsOf[Message any](messages []Message, get func(Message) string) []string {
	var texts []string
	for _, message := range messages {
		texts = append(texts, get(message))
	}
	return texts
}
