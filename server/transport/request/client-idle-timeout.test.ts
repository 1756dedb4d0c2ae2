import { once } from "node:events";
import { connect } from "node:http2";
import { gzipSync } from "node:zlib";
import { create, toBinary, toJsonString } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { WireRequestSchema } from "../../../gen/test/wire/v1/wire_service_pb.ts";
import { openRawSocket } from "../../../test/wire/raw-socket.ts";
import { startWireServer, type WireServer } from "../../../test/wire/start-wire-server.ts";
import type { Scenario } from "../../../test/wire/wire-service.ts";
import { failRequests, setIdlePolicy } from "../rpc/call.ts";

/** Short, but longer than a busy machine takes for a message. */
const limits = { firstMessageTimeoutMs: 300, messageIdleTimeoutMs: 300, requestTimeoutMs: 300 };

/** Longer than each limit and the delay of its check. */
const longMs = 600;

const delay = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const scenarios: Record<string, Scenario> = {
  async *count(_context, requests) {
    let count = 0;
    for await (const _ of requests) count++;
    yield `${count}`;
  },
};

const formats = [
  ["gRPC", { "content-type": "application/grpc" }],
  ["gRPC, compressed", { "content-type": "application/grpc", "grpc-encoding": "gzip" }],
  ["gRPC-Web", { "content-type": "application/grpc-web" }],
  ["Connect", { "content-type": "application/connect+proto" }],
  ["Connect, JSON", { "content-type": "application/connect+json" }],
] as const;

const kinds = ["ClientStream", "BidiStream"] as const;

const calls = formats.flatMap(([name, headers]) => kinds.map((kind) => [name, kind, headers] as const));

for (const [name, kind, headers] of calls) {
  test.concurrent(`${name}, ${kind}: a call without a first message ends with DEADLINE_EXCEEDED`, async () => {
    await using server = await startWireServer(scenarios, { limits: { ...limits, messageIdleTimeoutMs: 60_000 } });
    const call = open(server, kind, headers);
    expect(await call.failure).toBe(
      "no message arrived within 0.3 s, the limit for the first one: send it as soon as the call begins",
    );
  });

  test.concurrent(`${name}, ${kind}: a call that sends nothing more ends with DEADLINE_EXCEEDED`, async () => {
    await using server = await startWireServer(scenarios, { limits: { ...limits, firstMessageTimeoutMs: 60_000 } });
    const call = open(server, kind, headers);
    call.send("count");
    expect(await call.failure).toMatch(/^no message arrived for 0\.3 s, the limit between two messages of a call: /);
  });

  test.concurrent(`${name}, ${kind}: a call that sends a message a byte at a time ends with DEADLINE_EXCEEDED`, async () => {
    const longTimeouts = { firstMessageTimeoutMs: 60_000, messageIdleTimeoutMs: 60_000, requestTimeoutMs: 300 };
    await using server = await startWireServer(scenarios, { limits: longTimeouts });
    const call = open(server, kind, headers);
    call.send("count");
    call.trickle();
    expect(await call.failure).toBe(
      "a message did not arrive as a whole within 0.3 s: send it faster, or in smaller parts",
    );
  });

  test.concurrent(`${name}, ${kind}: a call with messages more often than the limit continues`, async () => {
    await using server = await startWireServer(scenarios, { limits: { ...limits, messageIdleTimeoutMs: 1_200 } });
    const call = open(server, kind, headers);
    call.send("count");
    for (let sent = 0; sent < 5; sent++) {
      await delay(300);
      call.send("");
    }
    call.end();
    expect((await call.record).code).toBe("ok");
  });
}

test.concurrent("over HTTP/1.1 a client that streams and sends nothing receives DEADLINE_EXCEEDED", async () => {
  await using server = await startWireServer(scenarios, { limits });
  using raw = await openRawSocket(server.port);
  raw.send(
    "POST /test.wire.v1.WireService/ClientStream HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/connect+json\r\ntransfer-encoding: chunked\r\n\r\n",
  );
  expect(await raw.until("deadline_exceeded")).toContain("no message arrived within 0.3 s");
});

test.concurrent("messages to the client restart the idle timeout, after its first message", async () => {
  await using server = await startWireServer(
    {
      async *ticks(_context, requests) {
        const rest = drain(requests);
        rest.catch(() => {});
        for (let tick = 0; tick < 10; tick++) {
          await delay(100);
          yield `${tick}`;
        }
        await rest;
      },
    },
    { limits: { ...limits, messageIdleTimeoutMs: 500 } },
  );
  const call = open(server, "BidiStream", formats[0][1]);
  call.send("ticks");
  const { code, durationMs, messagesOut } = await call.record;
  expect([code, messagesOut]).toEqual(["deadline_exceeded", 10]);
  expect(durationMs).toBeGreaterThan(10 * 100 + 400);
});

test.concurrent("the idle timeout does not run while the handler does not read", async () => {
  await using server = await startWireServer(
    {
      async *late(_context, requests) {
        await delay(longMs);
        for await (const { text } of requests) {
          await delay(longMs);
          yield text;
        }
      },
    },
    { limits: { ...limits, messageIdleTimeoutMs: 300 } },
  );
  const call = open(server, "BidiStream", formats[0][1]);
  for (const name of ["late", "", "", ""]) call.send(name);
  call.end();
  expect(await call.record).toMatchObject({ code: "ok", messagesOut: 3 });
});

test.concurrent("a handler can disable the idle timeout, but the limit for the rest of a message still applies", async () => {
  await using server = await startWireServer(
    {
      async *quiet(context, requests) {
        setIdlePolicy(context, { mayBeIdle: () => true });
        yield "started";
        yield* scenarios.count?.(context, requests, "") ?? [];
      },
    },
    { limits },
  );
  const idle = open(server, "BidiStream", formats[0][1]);
  idle.send("quiet");
  await delay(3 * longMs);
  idle.send("");
  idle.end();
  expect((await idle.record).code).toBe("ok");
  const slow = open(server, "BidiStream", formats[0][1]);
  slow.send("quiet");
  slow.trickle();
  expect(await slow.failure).toMatch(/^a message did not arrive as a whole/);
});

test.concurrent.each(formats)("a handler can set a timeout and an error: %s", async (_name, headers) => {
  await using server = await startWireServer({
    async *own(context, requests) {
      setIdlePolicy(context, { timeoutMs: 200, error: () => new ConnectError("come again", Code.Aborted) });
      yield* scenarios.count?.(context, requests, "") ?? [];
    },
  });
  const call = open(server, "ClientStream", headers);
  call.send("own");
  expect([await call.failure, (await call.record).code]).toEqual(["come again", "aborted"]);
});

test.concurrent.each(formats)(
  "a handler can end a pending read with an error of any class: %s",
  async (_name, headers) => {
    class OwnError extends Error {}
    let seen: unknown;
    await using server = await startWireServer({
      async *stop(context, requests) {
        setTimeout(() => failRequests(context, new OwnError("another one writes")), 50);
        try {
          await drain(requests);
        } catch (error) {
          seen = error;
        }
        yield "stopped";
      },
    });
    const call = open(server, "BidiStream", headers);
    call.send("stop");
    expect((await call.record).code).toBe("ok");
    expect(seen).toBeInstanceOf(OwnError);
  },
);

async function drain(requests: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of requests);
}

/** Opens a call over HTTP/2, without a message. */
function open(server: WireServer, kind: (typeof kinds)[number], headers: Readonly<Record<string, string>>) {
  const session = connect(server.url);
  const record = server.nextCall();
  const stream = session.request(
    { ":method": "POST", ":path": `/test.wire.v1.WireService/${kind}`, te: "trailers", ...headers },
    { endStream: false },
  );
  stream.on("error", () => {}).resume();
  let trickling: NodeJS.Timeout | undefined;
  stream.once("close", () => {
    clearInterval(trickling);
    session.close();
  });
  const isJson = headers["content-type"]?.endsWith("json");
  const isCompressed = headers["grpc-encoding"] !== undefined;
  return {
    /** The record of the call, after the client has seen its end, too. */
    record: Promise.all([record, once(stream, "close")]).then(([seen]) => seen),
    /** The message of the error. */
    failure: record.then(({ failure }) => (failure as Error | undefined)?.message.replace(/^\[\w+\] /, "")),
    send(scenario: string) {
      const message = create(WireRequestSchema, { scenario });
      const plain = isJson
        ? Buffer.from(toJsonString(WireRequestSchema, message))
        : toBinary(WireRequestSchema, message);
      const data = isCompressed ? gzipSync(plain) : plain;
      const prefix = Buffer.from([isCompressed ? 1 : 0, 0, 0, 0, data.length]);
      stream.write(Buffer.concat([prefix, data]));
    },
    /** Sends a message of 250 bytes, one byte every 50 ms. */
    trickle() {
      stream.write(Buffer.from([0, 0, 0, 0, 250]));
      trickling = setInterval(() => stream.write(Buffer.of(10)), 50);
    },
    end: () => stream.end(),
  };
}
