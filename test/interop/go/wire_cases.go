package main

import (
	"context"
	"crypto/rand"
	"slices"
	"strconv"
	"strings"
	"time"
)

var wireCases = []testCase{
	{name: "unary", run: func(ctx context.Context) {
		expect("text", textOf(direct().ask(ctx, "echo", "hello").ok()), "hello")
	}},
	{name: "server-stream", run: func(ctx context.Context) {
		var texts []string
		for _, message := range all(direct().watch(ctx, "count", "3")) {
			texts = append(texts, textOf(message))
		}
		expect("texts", texts, []string{"1", "2", "3"})
	}},
	{name: "client-stream", run: func(ctx context.Context) {
		expect("text", textOf(direct().push(ctx, "join", "a", "b", "c").ok()), "a,b,c")
	}},
	{name: "bidi-stream", run: func(ctx context.Context) {
		stream := direct().talk(ctx, "echo", "a")
		expect("first answer", textOf(one(stream)), "a")
		stream.sendRequest("", "b")
		expect("second answer", textOf(one(stream)), "b")
		stream.closeSend()
		expect("answers after the end", len(all(stream)), 0)
	}},
	{name: "headers-at-once-server-stream", run: func(ctx context.Context) {
		note := rand.Text()
		headersComeFirst(ctx, direct().watch(ctx, "headers-first", note), note)
	}},
	{name: "headers-at-once-bidi-stream", run: func(ctx context.Context) {
		note := rand.Text()
		headersComeFirst(ctx, direct().talk(ctx, "headers-first", note), note)
	}},
	{name: "trailers-on-success", run: func(ctx context.Context) {
		for _, kind := range kinds {
			ended := direct().call(ctx, kind, "metadata", "")
			ended.ok()
			expect(kind+": trailer", strings.Join(ended.trailer["x-many"], ", "), "c, d")
		}
	}},
	{name: "trailers-on-failure", run: func(ctx context.Context) {
		for _, kind := range kinds {
			ended := direct().call(ctx, kind, "fail", "")
			failedWith(ended.problem, failedPrecondition)
			expect(kind+": header", ended.header["x-header"], []string{"sent"})
			expect(kind+": trailer", ended.trailer["x-before"], []string{"1"})
			expect(kind+": late trailer", ended.trailer["x-after"], []string{"2"})
		}
	}},
	{name: "repeated-keys", run: repeatedKeysKeepTheirValues},
	{name: "binary-metadata", run: func(ctx context.Context) {
		bytes := make([]byte, 256)
		for at := range bytes {
			bytes[at] = byte(at)
		}
		want := []string{string(bytes)}
		for _, kind := range kinds {
			ended := direct().with(headers{"x-sent-bin": want}).call(ctx, kind, "metadata", "")
			ended.ok()
			expect(kind+": header", ended.header["x-echo-bin"], want)
			expect(kind+": trailer", ended.trailer["x-echo-bin"], want)
		}
	}},
	{name: "error-details", run: func(ctx context.Context) {
		for _, kind := range kinds {
			failed := failedWith(direct().call(ctx, kind, "fail", "").problem, failedPrecondition)
			expect(kind+": violations", failed.violations, []string{"text: is wrong"})
			if !strings.Contains(failed.message, "the text is wrong: send another") {
				fail("%s: message: %s", kind, failed.message)
			}
		}
	}},
	{name: "cancel", run: cancelReachesHandler},
	{name: "deadline-is-sent", run: func(ctx context.Context) {
		limit := 30 * time.Second
		limited, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		remaining := must(strconv.Atoi(textOf(direct().ask(limited, "timeout", "").ok())))
		if remaining <= 0 || remaining > int(limit.Milliseconds()) {
			fail("the server received a deadline of %d ms", remaining)
		}
	}},
	{name: "deadline-ends-call", run: deadlineEndsCall},
	{name: "keepalive", slow: true, run: keepaliveKeepsStream},
}

// headersComeFirst proves by order that headers arrive while the handler waits: the handler waits for a request that
// the client sends after it has received the headers.
func headersComeFirst(ctx context.Context, stream incoming, note string) {
	expect("header", stream.header()["x-early"], []string{"yes"})
	direct().ask(ctx, "post", note).ok()
	expect("text", textOf(one(stream)), "posted")
}

func repeatedKeysKeepTheirValues(ctx context.Context) {
	apart := direct().separatesValues()
	values := func(each ...string) []string {
		if apart {
			return each
		}
		return []string{strings.Join(each, ", ")}
	}
	for _, kind := range kinds {
		ended := direct().with(headers{"x-sent": {"1", "2"}}).call(ctx, kind, "metadata", "")
		expect(kind+": seen by the server", textOf(ended.ok()), "1, 2")
		expect(kind+": header", ended.header["x-many"], values("a", "b"))
		expect(kind+": trailer", ended.trailer["x-many"], values("c", "d"))
	}
}

func cancelReachesHandler(ctx context.Context) {
	for _, kind := range kinds {
		note := rand.Text()
		cancelable, cancel := context.WithCancel(ctx)
		ended := make(chan answer, 1)
		go func() { ended <- direct().call(cancelable, kind, "hang", note) }()
		direct().ask(ctx, "read", note+" begun").ok()
		cancel()
		failedWith((<-ended).problem, canceled)
		expect(kind+": seen by the handler", textOf(direct().ask(ctx, "read", note).ok()), "canceled")
	}
}

func deadlineEndsCall(ctx context.Context) {
	for _, kind := range kinds {
		note := rand.Text()
		limited, cancel := context.WithTimeout(ctx, time.Second)
		failedWith(direct().call(limited, kind, "hang", note).problem, deadlineExceeded)
		cancel()
		// If the client's timer is first, the client has reset the stream.
		seen := textOf(direct().ask(ctx, "read", note).ok())
		if !slices.Contains([]string{"deadline_exceeded", "canceled"}, seen) {
			fail("%s: seen by the handler: %s", kind, seen)
		}
	}
}

// keepaliveKeepsStream verifies that the server responds to pings on a connection with an idle stream, which continues.
func keepaliveKeepsStream(ctx context.Context) {
	note := rand.Text()
	pinging := openWire("INTEROP_PROXY", settings{keepalive: true})
	defer pinging.close()
	stream := pinging.watch(ctx, "headers-first", note)
	stream.header()
	direct().ask(ctx, "pings", "2").ok()
	headersComeFirst(ctx, stream, note)
}
