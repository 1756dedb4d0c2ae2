import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { WatchQuotesResponseSchema } from "../../../../gen/bourse/quote/v1/quote_service_pb.ts";
import { WireLog } from "./wire-log.ts";

function setUp() {
  const wire = new WireLog((task) => task());
  wire.begin();
  return wire;
}

test("messages, quotes and heartbeats are counted", () => {
  const wire = setUp();
  wire.response(create(WatchQuotesResponseSchema, { event: { case: "started", value: { streamId: "s-1" } } }));
  wire.response(create(WatchQuotesResponseSchema, { quotes: [{}, {}, {}], cursor: { epoch: 7n, seq: 3n } }));
  wire.response(
    create(WatchQuotesResponseSchema, {
      event: {
        case: "heartbeat",
        value: {
          queued: 2n,
          conflated: 40n,
          lag: { nanos: 250_000_000 },
          newestSourceTime: { seconds: 1n, nanos: 500_000_000 },
        },
      },
    }),
  );
  expect(wire.record()).toEqual({
    attempts: 1,
    streamId: "s-1",
    cursor: "7.3",
    messages: 3,
    quotes: 3,
    heartbeats: 1,
    queued: 2n,
    conflated: 40n,
    lagMs: 250,
    feedTime: 1_500,
  });
});

test("of a stream that failed, the trailers are told from the headers", () => {
  const wire = setUp();
  wire.headers(new Headers({ "bourse-stream-id": "s-1" }));
  const metadata = { "bourse-stream-id": "s-1", "bourse-cursor": "7.3" };
  wire.error(new ConnectError("bye", Code.Unavailable, metadata));
  expect(wire.record().trailers).toEqual([["bourse-cursor", "7.3"]]);
});

test("a connection that was cut has no trailers", () => {
  const wire = setUp();
  wire.headers(new Headers({ "bourse-stream-id": "s-1" }));
  wire.error(new ConnectError("cut", Code.Unknown));
  expect(wire.record().trailers).toBeUndefined();
});

test("a new attempt that is answered begins from nothing", () => {
  const wire = setUp();
  wire.headers(new Headers({ a: "b" }));
  wire.trailers(new Headers({ "bourse-cursor": "7.3" }));
  wire.begin();
  wire.headers(new Headers({ c: "d" }));
  expect(wire.record()).toEqual({ attempts: 2, headers: [["c", "d"]], messages: 0, quotes: 0, heartbeats: 0 });
});

test("what the stream before said stays while attempts come to nothing", () => {
  const wire = setUp();
  wire.headers(new Headers({ a: "b" }));
  wire.trailers(new Headers({ "bourse-cursor": "7.3" }));
  wire.begin();
  wire.error(new ConnectError("nobody is there", Code.Unavailable));
  expect(wire.record()).toMatchObject({ attempts: 2, headers: [["a", "b"]], trailers: [["bourse-cursor", "7.3"]] });
});
