import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { type StreamQuotesRequest, StreamQuotesRequestSchema } from "../../../gen/bourse/quote/v1/quote_service_pb.ts";
import { drain, testWatch } from "../testing/test-watch.ts";
import { maxWaitingResults } from "./quote-watch.ts";
import { runCommandRequests } from "./stream-quotes-requests.ts";

const command = create(StreamQuotesRequestSchema, {
  request: { case: "command", value: { command: { case: "ping", value: {} } } },
});

test("commands are not read while the client reads no results, and are read when it does", async () => {
  const watch = testWatch().watch();
  let taken = 0;
  let fullAt = Promise.withResolvers<void>();
  const requests: AsyncIterator<StreamQuotesRequest> = {
    async next() {
      taken++;
      if (taken % maxWaitingResults === 0) fullAt.resolve();
      return taken > 2 * maxWaitingResults ? { done: true, value: undefined } : { done: false, value: command };
    },
  };
  const running = runCommandRequests(requests, watch);
  await fullAt.promise;
  await new Promise(setImmediate);
  expect(taken).toBe(maxWaitingResults);
  fullAt = Promise.withResolvers();
  expect(drain(watch).filter(({ event }) => event.case === "commandResult")).toHaveLength(maxWaitingResults);
  await fullAt.promise;
  await new Promise(setImmediate);
  expect(taken).toBe(2 * maxWaitingResults);
  drain(watch);
  await running;
});

test("ends when the watch is disposed of", async () => {
  const watch = testWatch().watch();
  const requests = { next: async () => ({ done: false, value: command }) };
  const running = runCommandRequests(requests, watch);
  await new Promise(setImmediate);
  watch[Symbol.dispose]();
  await running;
});

test("an error of the requests fails the watch", async () => {
  const watch = testWatch().watch();
  await runCommandRequests({ next: () => Promise.reject(new Error("broken")) }, watch);
  expect(() => watch.next()).toThrow("broken");
});
