import { setImmediate } from "node:timers/promises";
import { create, type Message, toBinary } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { type UploadChunkRequest, UploadService } from "../../../gen/bourse/upload/v1/upload_service_pb.ts";
import { callScheduler, sliceMs } from "../protection/call-scheduler.ts";
import { decodeScheduled, MessageDecoder } from "./message-decoder.ts";

const enqueue = (step: () => void) => callScheduler.enqueue({ peer: "a" }, step);
const body = { hold: () => {}, release: () => {}, throwIfFailed: () => {} };

/** Takes the time of calls in a turn of the event loop for each message. */
const slowDecoder = {
  decode() {
    const until = performance.now() + sliceMs;
    while (performance.now() < until);
    return {} as Message;
  },
} as unknown as MessageDecoder;

test("large messages that become complete in the same turn of the event loop are decoded in separate turns", async () => {
  const turns: number[] = [];
  let turn = 0;
  const countTurns = () => {
    turn++;
    if (turns.length < 5) globalThis.setImmediate(countTurns);
  };
  globalThis.setImmediate(countTurns);
  const decode = async () => {
    await decodeScheduled(new Uint8Array(1024 * 1024), { decoder: slowDecoder, binary: true, enqueue, body });
    turns.push(turn);
  };
  await Promise.all([decode(), decode(), decode(), decode(), decode()]);
  expect(new Set(turns).size).toBeGreaterThanOrEqual(4);
});

test("a small message is decoded synchronously", () => {
  const message = {} as Message;
  const decoder = { decode: () => message } as unknown as MessageDecoder;
  expect(decodeScheduled(new Uint8Array(10), { decoder, binary: true, enqueue, body })).toBe(message);
});

test("a queued message counts as memory of its call until it is decoded, and fails with its body", async () => {
  let held = 0;
  let failure: Error | undefined;
  const counting = {
    hold: (bytes: number) => {
      held += bytes;
    },
    release: (bytes: number) => {
      held -= bytes;
    },
    throwIfFailed: () => {
      if (failure !== undefined) throw failure;
    },
  };
  const options = { decoder: slowDecoder, binary: true, enqueue, body: counting };
  await setImmediate();
  await setImmediate();
  expect(decodeScheduled(new Uint8Array(100_000), options)).not.toBeInstanceOf(Promise); // uses up the time of this turn
  const queued = [decodeScheduled(new Uint8Array(100_000), options), decodeScheduled(new Uint8Array(100_000), options)];
  expect(held).toBe(200_000);
  failure = new Error("the client disconnected");
  expect(await Promise.allSettled(queued)).toEqual(queued.map(() => ({ status: "rejected", reason: failure })));
  expect(held).toBe(0);
});

test("a decoded field of type bytes does not keep the rest of its buffer in memory", () => {
  const schema = UploadService.method.uploadChunk;
  const encoded = toBinary(schema.input, create(schema.input, { uploadId: "a", data: new Uint8Array(100) }));
  const readBuffer = new Uint8Array(64 * 1024);
  readBuffer.set(encoded, 50);
  const decoder = new MessageDecoder(schema, {
    limits: { maxBytes: 1_000 },
    maxMessageDepth: 10,
    mapError: (error) => error,
  });
  const message = decoder.decode(readBuffer.subarray(50, 50 + encoded.length), true) as UploadChunkRequest;
  expect(message.data.buffer.byteLength).toBe(encoded.length);
});
