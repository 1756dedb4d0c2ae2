package main

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
)

// The server's limit of a message in both directions, in bytes.
const maxMessageBytes = 4 << 20

// A client with a larger limit than the server.
var generous = settings{maxBytes: 2 * maxMessageBytes}

var limitCases = []testCase{
	{name: "gzip", run: gzipShrinksBothWays},
	{name: "request-at-limit", run: func(ctx context.Context) {
		text := textOfRequest("length", maxMessageBytes)
		want := strconv.Itoa(len(text))
		expect("unary", textOf(direct().ask(ctx, "length", text).ok()), want)
		expect("client stream", textOf(direct().push(ctx, "length", text).ok()), want)
	}},
	{name: "request-over-limit", run: func(ctx context.Context) {
		text := textOfRequest("length", maxMessageBytes+1)
		failedWith(direct().ask(ctx, "length", text).problem, resourceExhausted)
		failedWith(direct().push(ctx, "length", "small", text, "small").problem, resourceExhausted)
	}},
	{name: "response-at-limit", run: func(ctx context.Context) {
		client := openWire("INTEROP_WIRE", generous)
		defer client.close()
		for _, kind := range kinds {
			message := client.call(ctx, kind, "answer", strconv.Itoa(maxMessageBytes)).ok()
			expect(kind+": bytes", sizeOf(message), maxMessageBytes)
		}
	}},
	{name: "response-over-limit", run: func(ctx context.Context) {
		client := openWire("INTEROP_WIRE", generous)
		defer client.close()
		for _, kind := range kinds {
			failedWith(client.call(ctx, kind, "answer", strconv.Itoa(maxMessageBytes+1)).problem, resourceExhausted)
		}
	}},
}

// textOfRequest returns a text with which the request of a scenario has a size in bytes. The size is at least 2 MiB.
func textOfRequest(scenario string, bytes int) string {
	const keyAndLength, keyAndLongLength = 2, 5
	return strings.Repeat("x", bytes-keyAndLength-len(scenario)-keyAndLongLength)
}

func gzipShrinksBothWays(ctx context.Context) {
	client := openWire("INTEROP_PROXY", settings{gzip: true})
	defer client.close()
	text := strings.Repeat("All the same. ", 50_000)
	for _, kind := range kinds {
		before := trafficAtProxy(ctx)
		expect(kind, textOf(client.call(ctx, kind, "echo", text).ok()), text)
		after := trafficAtProxy(ctx)
		for _, bytes := range []int{after.BytesUp - before.BytesUp, after.BytesDown - before.BytesDown} {
			if bytes == 0 || bytes > len(text)/10 {
				fail("%s: a text of %d bytes took %d", kind, len(text), bytes)
			}
		}
	}
}

type traffic struct{ BytesUp, BytesDown int }

func trafficAtProxy(ctx context.Context) traffic {
	var read traffic
	mustNot(json.Unmarshal([]byte(textOf(direct().ask(ctx, "traffic", "").ok())), &read))
	return read
}
