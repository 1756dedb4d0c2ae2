import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { WatchQuotesResponseSchema } from "../../../../gen/bourse/quote/v1/quote_service_pb.ts";
import { StreamProtocolDetailsModel } from "./stream-protocol-details-model.ts";

function setUp() {
  const details = new StreamProtocolDetailsModel((task) => task());
  details.begin();
  return details;
}

test("messages, quotes and heartbeats are counted", () => {
  const details = setUp();
  details.response(create(WatchQuotesResponseSchema, { event: { case: "started", value: { streamId: "s-1" } } }));
  details.response(create(WatchQuotesResponseSchema, { quotes: [{}, {}, {}], cursor: { epoch: 7n, seq: 3n } }));
  details.response(
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
  expect(details.record()).toEqual({
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
  const details = setUp();
  details.headers(new Headers({ "bourse-stream-id": "s-1" }));
  const metadata = { "bourse-stream-id": "s-1", "bourse-cursor": "7.3" };
  details.error(new ConnectError("bye", Code.Unavailable, metadata));
  expect(details.record().trailers).toEqual([["bourse-cursor", "7.3"]]);
});

test("a lost connection has no trailers", () => {
  const details = setUp();
  details.headers(new Headers({ "bourse-stream-id": "s-1" }));
  details.error(new ConnectError("cut", Code.Unknown));
  expect(details.record().trailers).toBeUndefined();
});

test("the headers of a new attempt reset the record", () => {
  const details = setUp();
  details.headers(new Headers({ a: "b" }));
  details.trailers(new Headers({ "bourse-cursor": "7.3" }));
  details.begin();
  details.headers(new Headers({ c: "d" }));
  expect(details.record()).toEqual({ attempts: 2, headers: [["c", "d"]], messages: 0, quotes: 0, heartbeats: 0 });
});

test("failed attempts keep the record of the previous stream", () => {
  const details = setUp();
  details.headers(new Headers({ a: "b" }));
  details.trailers(new Headers({ "bourse-cursor": "7.3" }));
  details.begin();
  details.error(new ConnectError("unreachable", Code.Unavailable));
  expect(details.record()).toMatchObject({ attempts: 2, headers: [["a", "b"]], trailers: [["bourse-cursor", "7.3"]] });
});
