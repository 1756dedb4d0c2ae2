import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { WatchQuotesResponseSchema } from "../../../../gen/bourse/quote/v1/quote_service_pb.ts";
import { StreamLog } from "./stream-log.ts";

function setUp() {
  const log = new StreamLog((task) => task());
  log.begin();
  return log;
}

test("messages, quotes and heartbeats are counted", () => {
  const log = setUp();
  log.response(create(WatchQuotesResponseSchema, { event: { case: "started", value: { streamId: "s-1" } } }));
  log.response(create(WatchQuotesResponseSchema, { quotes: [{}, {}, {}], cursor: { epoch: 7n, seq: 3n } }));
  log.response(
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
  expect(log.record()).toEqual({
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

test("the trailers of a failed stream are separated from the headers", () => {
  const log = setUp();
  log.headers(new Headers({ "bourse-stream-id": "s-1" }));
  const metadata = { "bourse-stream-id": "s-1", "bourse-cursor": "7.3" };
  log.error(new ConnectError("bye", Code.Unavailable, metadata));
  expect(log.record().trailers).toEqual([["bourse-cursor", "7.3"]]);
});

test("a lost connection has no trailers", () => {
  const log = setUp();
  log.headers(new Headers({ "bourse-stream-id": "s-1" }));
  log.error(new ConnectError("cut", Code.Unknown));
  expect(log.record().trailers).toBeUndefined();
});

test("the headers of a new attempt reset the record", () => {
  const log = setUp();
  log.headers(new Headers({ a: "b" }));
  log.trailers(new Headers({ "bourse-cursor": "7.3" }));
  log.begin();
  log.headers(new Headers({ c: "d" }));
  expect(log.record()).toEqual({ attempts: 2, headers: [["c", "d"]], messages: 0, quotes: 0, heartbeats: 0 });
});

test("failed attempts keep the record of the previous stream", () => {
  const log = setUp();
  log.headers(new Headers({ a: "b" }));
  log.trailers(new Headers({ "bourse-cursor": "7.3" }));
  log.begin();
  log.error(new ConnectError("unreachable", Code.Unavailable));
  expect(log.record()).toMatchObject({ attempts: 2, headers: [["a", "b"]], trailers: [["bourse-cursor", "7.3"]] });
});
