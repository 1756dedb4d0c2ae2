import { createServer, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import * as bench from "../../../gen/bench/v1/bench_service_pb.ts";
import { announce } from "../shared/announce.ts";
import { EnvelopeReader, envelope } from "../shared/envelope.ts";
import { orderAt } from "../shared/order-at.ts";
import { plainQuotes } from "../shared/plain-quotes.ts";
import { readNumber } from "../shared/read-number.ts";

// The upper bound for a server on Node's HTTP/2. Responses are encoded beforehand, and requests are parsed only as far
// as the response needs them.

type Handler = (stream: ServerHttp2Stream) => void;

const ordersInBuffer = 1_000;
/** The size of an enveloped chunk of 64 KiB, with the tag and the length of its field. */
const chunkFrameBytes = 64 * 1024 + 4 + 5;

const orders = Array.from({ length: ordersInBuffer }, (_, index) => encode(bench.ExportResponseSchema, orderAt(index)));
const manyOrders = Buffer.concat(orders);
const emptyFrame = envelope(new Uint8Array());
const { quotes, source } = plainQuotes();
const watchers = new Set<ServerHttp2Stream>();

let waiting: Buffer[] = [];

quotes.on("quote", (quote) => {
  if (waiting.length === 0) setImmediate(writeWaiting);
  waiting.push(encode(bench.WatchResponseSchema, { quote }));
});

/** Writes messages together if they are published together. */
function writeWaiting(): void {
  const frames = Buffer.concat(waiting);
  waiting = [];
  for (const stream of watchers) stream.write(frames);
}

const handlers: Record<string, Handler> = {
  Export(stream) {
    onMessages(stream, (message) => {
      let left = readNumber(message);
      const write = () => {
        while (left > 0) {
          const count = Math.min(left, ordersInBuffer);
          const frames = count === ordersInBuffer ? manyOrders : Buffer.concat(orders.slice(0, count));
          left -= count;
          if (!stream.write(frames)) {
            stream.once("drain", write);
            return;
          }
        }
        stream.end();
      };
      write();
    });
  },

  Upload(stream) {
    let bytes = 0;
    stream.on("data", (data: Buffer) => {
      bytes += data.length;
    });
    stream.on("end", () => {
      const count = BigInt(bytes / chunkFrameBytes);
      stream.end(encode(bench.UploadResponseSchema, { count, bytes: BigInt(bytes) }));
    });
  },

  PingPong(stream) {
    // A request and its response have the same encoding.
    stream.on("data", (data: Buffer) => stream.write(data));
    stream.on("end", () => stream.end());
  },

  Get(stream) {
    onMessages(stream, (message) => stream.end(envelope(message)));
  },

  Idle(stream) {
    stream.resume();
    stream.write(emptyFrame);
  },

  Watch(stream) {
    stream.resume();
    watchers.add(stream);
    stream.on("close", () => watchers.delete(stream));
    stream.write(emptyFrame);
  },

  Drive(stream) {
    onMessages(stream, (message) => source.allow(readNumber(message)));
    stream.on("end", () => stream.end(emptyFrame));
  },
};

// So large that they never limit an upload.
const streamWindowBytes = 4 << 20;
const sessionWindowBytes = 16 << 20;

const server = createServer({ settings: { initialWindowSize: streamWindowBytes } });
server.on("session", (session) => session.setLocalWindowSize(sessionWindowBytes));
server.on("stream", (stream: ServerHttp2Stream, headers) => {
  stream.on("error", () => {});
  const handler = handlers[String(headers[":path"]).slice(`/${bench.BenchService.typeName}/`.length)];
  if (handler === undefined) return stream.close();
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  handler(stream);
});
server.listen(0, "127.0.0.1", () => announce((server.address() as AddressInfo).port));

function onMessages(stream: ServerHttp2Stream, onMessage: (message: Buffer) => void): void {
  const reader = new EnvelopeReader(onMessage);
  stream.on("data", (data: Buffer) => reader.push(data));
}

function encode<Desc extends DescMessage>(schema: Desc, message: MessageInitShape<Desc>): Buffer {
  return envelope(toBinary(schema, create(schema, message)));
}
