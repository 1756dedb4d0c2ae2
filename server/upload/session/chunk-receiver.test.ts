import { Code } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { UploadProblemReason as Reason } from "../../../gen/bourse/upload/v1/upload_pb.ts";
import { NotFoundError } from "../../shared/api-resource-errors.ts";
import { groupCommitDelayMs } from "../file/durable-append.ts";
import { maxBufferedChunkBytes } from "../shared-upload-limits.ts";
import {
  helloHash,
  id,
  metadata,
  openTestUploads,
  productId,
  refusal,
  runPending,
  send,
} from "../testing/test-uploads.ts";
import { chunkWaitMs } from "./chunk-receiver.ts";
import { maxChunksInFlight } from "./upload-session.ts";
import { maxChunkBytes } from "./upload-state-machine.ts";

describe("a chunk", () => {
  test("is committed before the response, and may be sent again", async () => {
    await using store = await openTestUploads();
    const { generation } = await store.uploads.start(metadata);
    expect(await send(store, generation, 0, "hello")).toBe(5);
    expect(await send(store, generation, 0, "hello")).toBe(5);
    expect(await send(store, generation, 3, "lo, w")).toBe(8);
    expect(store.disk.bytesOf(`open/${id}`)).toEqual(new Uint8Array(Buffer.from("hello, w")));
  });

  test("waits for the chunk before it, and both are appended in order", async () => {
    await using store = await openTestUploads();
    const { generation } = await store.uploads.start(metadata);
    const late = send(store, generation, 7, "world");
    expect(await send(store, generation, 0, "hello, ")).toBeGreaterThanOrEqual(7);
    store.timers.advance(groupCommitDelayMs);
    expect(await late).toBe(12);
    const view = await store.uploads.finish(id, { generation, size: 12, sha256: helloHash });
    expect(view).toMatchObject({ phase: "complete", sha256: helloHash, size: 12 });
  });

  test("whose preceding bytes do not arrive in time is a gap: the error has the offset at which to resume", async () => {
    await using store = await openTestUploads();
    const { generation } = await store.uploads.start(metadata);
    await send(store, generation, 0, "he");
    const waiting = refusal(send(store, generation, 7, "world"));
    await runPending();
    store.timers.advance(chunkWaitMs);
    expect(await waiting).toEqual([Reason.GAP, Code.OutOfRange, 2n, expect.stringContaining("offset 7 does not")]);
  });

  test("that is more than a chunk ahead is a gap immediately", async () => {
    await using store = await openTestUploads();
    const { generation } = await store.uploads.start(metadata);
    const [reason] = await refusal(send(store, generation, maxChunkBytes + 1, "x"));
    expect(reason).toBe(Reason.GAP);
  });

  test("that differs from the stored bytes, in whole or in part, is refused and changes nothing", async () => {
    await using store = await openTestUploads();
    const { generation } = await store.uploads.start(metadata);
    await send(store, generation, 0, "hello");
    for (const [offset, text, at] of [
      [0, "hallo", 1],
      [3, "lO, world", 4],
    ] as const) {
      const [reason, code, committed, message] = await refusal(send(store, generation, offset, text));
      expect([reason, code, committed]).toEqual([Reason.OVERLAP, Code.InvalidArgument, 5n]);
      expect(message).toContain(`differs from the stored bytes at offset ${at};`);
    }
    expect(await send(store, generation, 5, ", world")).toBe(12);
  });

  test("that exceeds the announced size or the limit per file is refused", async () => {
    await using store = await openTestUploads({ settings: { maxFileBytes: 20 } });
    const { generation } = await store.uploads.start({ ...metadata, size: 6 });
    expect(await refusal(send(store, generation, 0, "hello, "))).toEqual([
      Reason.TOO_LONG,
      Code.OutOfRange,
      0n,
      `upload ${id}: the chunk ends at 7, after the announced size of 6 bytes; if the file has grown, abort and send it with a new upload id`,
    ]);
    const other = await store.uploads.start({ ...metadata, id: productId });
    const tooLong = store.uploads.writeChunk(productId, { ...other, offset: 0, data: Buffer.alloc(21) });
    expect((await refusal(tooLong))[0]).toBe(Reason.FILE_LIMIT);
  });

  test("that is early is refused if the waiting chunks of all uploads use up their limit", async () => {
    const count = maxBufferedChunkBytes / maxChunkBytes;
    await using store = await openTestUploads({ settings: { maxOpenUploads: count + 1 } });
    const data = new Uint8Array(maxChunkBytes);
    const ids = Array.from({ length: count + 1 }, (_, index) => id.slice(0, -4) + String(1_000 + index));
    for (const each of ids) await store.uploads.start({ ...metadata, id: each });
    const ahead = (each = "") => refusal(store.uploads.writeChunk(each, { generation: 1, offset: 1, data }));
    const waiting = ids.slice(1).map(ahead);
    await runPending();
    expect(await ahead(ids[0])).toEqual([
      Reason.TOO_MANY,
      Code.ResourceExhausted,
      0n,
      expect.stringContaining(`limit of ${maxBufferedChunkBytes.toLocaleString("en-US")} bytes of chunks`),
    ]);
    store.timers.advance(chunkWaitMs);
    for (const [reason] of await Promise.all(waiting)) expect(reason).toBe(Reason.GAP);
    const later = ahead(ids[0]);
    await runPending();
    store.timers.advance(chunkWaitMs);
    expect((await later)[0]).toBe(Reason.GAP);
  });

  test("is refused if too many chunks of the upload are in flight", async () => {
    await using store = await openTestUploads();
    const { generation } = await store.uploads.start(metadata);
    const waiting = Array.from({ length: maxChunksInFlight }, () => send(store, generation, 5, "x"));
    expect((await refusal(send(store, generation, 5, "x")))[0]).toBe(Reason.TOO_MANY);
    await runPending();
    store.timers.advance(chunkWaitMs);
    await Promise.allSettled(waiting);
    expect(await send(store, generation, 0, "hello")).toBe(5);
  });

  test("of an unknown upload is not found", async () => {
    await using store = await openTestUploads();
    await expect(send(store, 1, 0, "x")).rejects.toBeInstanceOf(NotFoundError);
  });
});
