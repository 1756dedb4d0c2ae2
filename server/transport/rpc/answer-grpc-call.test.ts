import { connect, type OutgoingHttpHeaders } from "node:http2";
import type { HandlerContext } from "@connectrpc/connect";
import { expect, onTestFinished, test, vi } from "vitest";
import { WireService } from "../../../gen/test/wire/v1/wire_service_pb.ts";
import { startWireServer } from "../../../test/wire/start-wire-server.ts";
import type { CallRecord } from "./call-record.ts";

const hello = {
  async *hello() {
    yield "hello";
  },
};

test.each([
  ["no message", 0, "12", "protocol error: missing input message"],
  ["two messages", 2, "12", "protocol error: received extra input message"],
  ["one message", 1, "0", ""],
])("a unary call with %s", async (_what, count, status, message) => {
  await using server = await startWireServer(hello);
  const { trailer } = await grpcCall(
    server.url,
    "Unary",
    Array.from({ length: count }, () => envelope("hello")),
  );
  expect(trailer["grpc-status"]).toBe(status);
  expect(decodeURIComponent(String(trailer["grpc-message"] ?? ""))).toContain(message);
});

test.each([
  ["rubbish", "3"],
  ["999999H", "0"],
  ["0n", "4"],
  ["10S", "0"],
])("a call with grpc-timeout %s ends with status %s", async (timeout, status) => {
  await using server = await startWireServer({
    async *check(context: HandlerContext) {
      context.signal.throwIfAborted();
      yield "in time";
    },
  });
  for (const method of ["Unary", "ServerStream"]) {
    const { trailer } = await grpcCall(server.url, method, [envelope("check")], { "grpc-timeout": timeout });
    expect([method, trailer["grpc-status"]]).toEqual([method, status]);
  }
});

test("a handler sees the time until its deadline, in whole milliseconds", async () => {
  const left: (number | undefined)[] = [];
  await using server = await startWireServer({
    async *look(context: HandlerContext) {
      left.push(context.timeoutMs());
      yield "seen";
    },
  });
  await grpcCall(server.url, "Unary", [envelope("look")], { "grpc-timeout": "1234567u" });
  await grpcCall(server.url, "Unary", [envelope("look")]);
  expect(left[0]).toBeLessThanOrEqual(1_235);
  expect(Number.isInteger(left[0])).toBe(true);
  expect(left[1]).toBeUndefined();
});

test("the signal aborts at the end of a successful call, which ends the remaining work of the handler", async () => {
  const fired = Promise.withResolvers<void>();
  await using server = await startWireServer({
    async *quick(context: HandlerContext) {
      context.signal.addEventListener("abort", () => fired.resolve());
      yield "done";
    },
  });
  const { trailer } = await grpcCall(server.url, "Unary", [envelope("quick")]);
  expect(trailer["grpc-status"]).toBe("0");
  await fired.promise;
});

test("a service that is registered with its own options is served with them", async () => {
  await using server = await startWireServer(
    {},
    {
      routes(router) {
        router.service(WireService, { unary: ({ text }) => ({ text }) }, { readMaxBytes: 10 });
      },
    },
  );
  const { trailer } = await grpcCall(server.url, "Unary", [envelope("longer than that")]);
  expect(trailer["grpc-status"]).toBe("8");
});

test("a response that cannot be encoded is recorded with its cause", async () => {
  const records: CallRecord[] = [];
  await using server = await startWireServer(
    {},
    {
      routes(router) {
        // Not a string, and not convertible to one. A handler without types can return it.
        const text = Object.create(null) as string;
        router.service(WireService, { unary: () => ({ text }) });
      },
      onCall: (record) => records.push(record),
    },
  );
  const { trailer } = await grpcCall(server.url, "Unary", [envelope("x")]);
  expect(trailer["grpc-status"]).toBe("13");
  await vi.waitFor(() => expect(records).toHaveLength(1));
  expect(records[0]).toMatchObject({ code: "internal", failure: { cause: expect.any(Error) } });
});

/** Creates the envelope of a WireRequest with the scenario. */
function envelope(scenario: string): Buffer {
  const text = Buffer.from(scenario);
  return Buffer.concat([Buffer.from([0, 0, 0, 0, text.length + 2, 10, text.length]), text]);
}

async function grpcCall(url: string, method: string, envelopes: Buffer[], headers: OutgoingHttpHeaders = {}) {
  const session = connect(url);
  onTestFinished(() => session.destroy());
  const stream = session.request({
    ":method": "POST",
    ":path": `/test.wire.v1.WireService/${method}`,
    "content-type": "application/grpc",
    te: "trailers",
    ...headers,
  });
  let trailer: Record<string, unknown> = {};
  stream.on("trailers", (received) => {
    trailer = received;
  });
  stream.end(Buffer.concat(envelopes));
  stream.resume();
  await new Promise((resolve) => stream.once("close", resolve));
  return { trailer };
}
