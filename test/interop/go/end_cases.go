package main

import (
	"context"
	"os"
	"strconv"
	"syscall"
	"time"
)

// retryPause is the delay between attempts to reach a server that restarts.
const retryPause = 50 * time.Millisecond

// endCases are the cases that end the servers.
var endCases = []testCase{
	{name: "restart", last: true, run: restartLosesNoCall},
	{name: "shutdown", last: true, run: shutdownNotifiesWatchers},
}

// restartLosesNoCall verifies that a server that shuts down ends streams with trailers and completes unary calls in
// progress, and that the same client reaches the next server.
func restartLosesNoCall(ctx context.Context) {
	conversation := direct().talk(ctx, "hang-until-restart", "")
	streams := []incoming{direct().watch(ctx, "hang-until-restart", ""), conversation}
	for _, each := range streams {
		expect("text", textOf(one(each)), "hanging")
	}
	outlasting := make(chan answer, 1)
	go func() { outlasting <- direct().ask(ctx, "outlast", "") }()
	direct().ask(ctx, "read", "outlasting").ok()

	direct().ask(ctx, "restart", "").ok()
	for _, each := range streams {
		failedWith(endOf(each), unavailable)
		expect("trailer", each.trailer()["x-reconnect"], []string{"yes"})
	}
	expect("unary call", textOf((<-outlasting).ok()), "outlasted")
	for {
		again := direct().ask(ctx, "generation", "")
		if again.problem == nil {
			expect("generation", textOf(again.message), "2")
			return
		}
		failedWith(again.problem, unavailable)
		time.Sleep(retryPause)
	}
}

// shutdownNotifiesWatchers shuts down the complete server with a signal.
func shutdownNotifiesWatchers(ctx context.Context) {
	quotes := stream(ctx, quotes+"WatchQuotes", `{"symbols":["*"]}`)
	one(quotes)
	watch := stream(ctx, health+"Watch", "{}")
	expect("health", get(one(watch), "status").Enum(), serving)

	process := must(os.FindProcess(must(strconv.Atoi(mustGet("INTEROP_BOURSE_PID")))))
	mustNot(process.Signal(syscall.SIGTERM))
	expect("health", get(one(watch), "status").Enum(), notServing)
	failedWith(endOf(watch), unavailable)
	failedWith(endOf(quotes), unavailable)
	expect("cursors in the trailers", len(quotes.trailer()["bourse-cursor"]), 1)
}
