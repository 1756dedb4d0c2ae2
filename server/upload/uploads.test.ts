import { createHash } from "node:crypto";
import { Code } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { UploadProblemReason as Reason } from "../../gen/bourse/upload/v1/upload_pb.ts";
import { toConnectError } from "../shared/connect-error.ts";
import { NotFoundError } from "../shared/resource-errors.ts";
import { seededRandom } from "../shared/seeded-random.ts";
import { StoreFullError } from "../storage/storage-errors.ts";
import { gatherMs } from "./file/durable-append.ts";
import { SimulatedDisk } from "./file/testing/simulated-disk.ts";
import { maxBufferedBytes } from "./session/buffered-bytes.ts";
import { receiveUpload } from "./session/receive-upload.ts";
import { maxChunkBytes } from "./session/upload-machine.ts";
import { holdMs, maxChunkCalls } from "./session/upload-session.ts";
import { MemoryUploadStore } from "./store/testing/memory-upload-store.ts";
import type { FileMetadata } from "./store/upload-record.ts";
import { openTestUploads, type TestUploads, type TestUploadsOptions } from "./testing/test-uploads.ts";
import { UploadError } from "./upload-errors.ts";
import { maxReservedBytes, minReservedBytes, reservedBytes } from "./upload-quota.ts";
import { emptyExpiryMs, idleSessionMs, sweepIntervalMs } from "./uploads.ts";

const id = "3f1c4bf0-7c58-4b0e-9a55-3a2f0f6f4b11";
const productId = "5b0c1f0e-7c58-4b0e-9a55-3a2f0f6f4b22";
const words: FileMetadata = { id, fileName: "a.bin", productId: "" };
const hello = Buffer.from("hello, world");
const helloHash = sha256(hello);

describe("a chunk", () => {
  test("is committed when it is answered, and can be sent again", async () => {
    await using store = await openStore();
    const { generation } = await store.uploads.start(words);
    expect(await send(store, generation, 0, "hello")).toBe(5);
    expect(await send(store, generation, 0, "hello")).toBe(5);
    expect(await send(store, generation, 3, "lo, w")).toBe(8);
    expect(store.disk.bytesOf(`open/${id}`)).toEqual(new Uint8Array(Buffer.from("hello, w")));
  });

  test("waits for the one before it, and both are taken in their order", async () => {
    await using store = await openStore();
    const { generation } = await store.uploads.start(words);
    const late = send(store, generation, 7, "world");
    expect(await send(store, generation, 0, "hello, ")).toBeGreaterThanOrEqual(7);
    store.timers.advance(gatherMs);
    expect(await late).toBe(12);
    const view = await store.uploads.finish(id, { generation, size: 12, sha256: helloHash });
    expect(view).toMatchObject({ phase: "complete", sha256: helloHash, size: 12 });
  });

  test("that waits in vain is a gap, and says where to go on", async () => {
    await using store = await openStore();
    const { generation } = await store.uploads.start(words);
    await send(store, generation, 0, "he");
    const waiting = refusal(send(store, generation, 7, "world"));
    await turns();
    store.timers.advance(holdMs);
    expect(await waiting).toEqual([Reason.GAP, Code.OutOfRange, 2n, expect.stringContaining("offset 7 does not")]);
  });

  test("further ahead than another one may be is a gap at once", async () => {
    await using store = await openStore();
    const { generation } = await store.uploads.start(words);
    const [reason] = await refusal(send(store, generation, maxChunkBytes + 1, "x"));
    expect(reason).toBe(Reason.GAP);
  });

  test("with other bytes than those that are there is refused, whole or in part, and changes nothing", async () => {
    await using store = await openStore();
    const { generation } = await store.uploads.start(words);
    await send(store, generation, 0, "hello");
    for (const [offset, text, at] of [
      [0, "hallo", 1],
      [3, "lO, world", 4],
    ] as const) {
      const [reason, code, committed, message] = await refusal(send(store, generation, offset, text));
      expect([reason, code, committed]).toEqual([Reason.OVERLAP, Code.InvalidArgument, 5n]);
      expect(message).toContain(`has other bytes from ${at} on`);
    }
    expect(await send(store, generation, 5, ", world")).toBe(12);
  });

  test("that goes past the announced size is refused, and so is one past the limit of a file", async () => {
    await using store = await openStore({ settings: { maxFileBytes: 20 } });
    const { generation } = await store.uploads.start({ ...words, size: 6 });
    expect(await refusal(send(store, generation, 0, "hello, "))).toEqual([
      Reason.TOO_LONG,
      Code.OutOfRange,
      0n,
      `upload ${id}: the chunk ends at 7, but the file was announced with 6 bytes`,
    ]);
    const other = await store.uploads.start({ ...words, id: productId });
    const tooLong = store.uploads.writeChunk(productId, { ...other, offset: 0, data: Buffer.alloc(21) });
    expect((await refusal(tooLong))[0]).toBe(Reason.FILE_LIMIT);
  });

  test("that waits is refused where those of all uploads have more bytes than may wait", async () => {
    const count = maxBufferedBytes / maxChunkBytes;
    await using store = await openStore({ settings: { maxOpenUploads: count + 1 } });
    const data = new Uint8Array(maxChunkBytes);
    const ids = Array.from({ length: count + 1 }, (_, index) => id.slice(0, -4) + String(1_000 + index));
    for (const each of ids) await store.uploads.start({ ...words, id: each });
    const ahead = (each = "") => refusal(store.uploads.writeChunk(each, { generation: 1, offset: 1, data }));
    const waiting = ids.slice(1).map(ahead);
    await turns();
    expect(await ahead(ids[0])).toEqual([
      Reason.TOO_MANY,
      Code.ResourceExhausted,
      0n,
      expect.stringContaining(`limit of ${maxBufferedBytes.toLocaleString("en-US")} bytes of chunks`),
    ]);
    store.timers.advance(holdMs);
    for (const [reason] of await Promise.all(waiting)) expect(reason).toBe(Reason.GAP);
    const later = ahead(ids[0]);
    await turns();
    store.timers.advance(holdMs);
    expect((await later)[0]).toBe(Reason.GAP);
  });

  test("is refused where more are under way than may be", async () => {
    await using store = await openStore();
    const { generation } = await store.uploads.start(words);
    const waiting = Array.from({ length: maxChunkCalls }, () => send(store, generation, 5, "x"));
    expect((await refusal(send(store, generation, 5, "x")))[0]).toBe(Reason.TOO_MANY);
    await turns();
    store.timers.advance(holdMs);
    await Promise.allSettled(waiting);
    expect(await send(store, generation, 0, "hello")).toBe(5);
  });

  test("of an upload that there is not is not found", async () => {
    await using store = await openStore();
    await expect(send(store, 1, 0, "x")).rejects.toBeInstanceOf(NotFoundError);
  });
});

describe("a writer", () => {
  test("that starts again takes over at once: the one before is stale, also where it waits", async () => {
    await using store = await openStore();
    const first = await store.uploads.start(words);
    const waiting = refusal(send(store, first.generation, 5, "x"));
    await turns();
    const second = await store.uploads.start(words);
    expect(second.generation).toBe(first.generation + 1);
    expect((await waiting)[0]).toBe(Reason.STALE_WRITER);
    const [reason, code] = await refusal(send(store, first.generation, 0, "x"));
    expect([reason, code]).toEqual([Reason.STALE_WRITER, Code.Aborted]);
    expect(await send(store, second.generation, 0, "hello")).toBe(5);
  });

  test("of a stream is told when another takes over, though its client is silent", async () => {
    await using store = await openStore();
    const stop = Promise.withResolvers<Error>();
    async function* silent() {
      yield { kind: "chunk" as const, data: hello };
      throw await stop.promise;
    }
    const options = { uploads: store.uploads, onSuperseded: (reason: Error) => stop.resolve(reason) };
    const stream = refusal(receiveUpload(words, silent(), options));
    await turns();
    const second = await store.uploads.start(words);
    expect((await stream)[0]).toBe(Reason.STALE_WRITER);
    expect(second.committed).toBe(12);
  });

  test("is the only one in 1,000 races of two, and the file has the right hash", async () => {
    const random = seededRandom(7);
    for (let race = 0; race < 1_000; race++) {
      await using store = await openStore({ disk: new SimulatedDisk({ below: random.below }) });
      const bytes = Buffer.from(Array.from({ length: 40 }, () => random.below(256)));
      const ends = await Promise.all([0, 1].map(() => writer(store, bytes, () => random.below(4))));
      expect(ends.toSorted()).toEqual(["complete", "stale"]);
      expect(await store.uploads.get(id)).toMatchObject({ phase: "complete", sha256: sha256(bytes) });
    }
  }, 60_000);
});

describe("the end of an upload", () => {
  test("is told again to who asks again", async () => {
    await using store = await openStore();
    const { generation } = await store.uploads.start(words);
    await send(store, generation, 0, "hello, world");
    const finish = { generation, size: 12, sha256: helloHash };
    const both = await Promise.all([store.uploads.finish(id, finish), store.uploads.finish(id, finish)]);
    expect(both.map(({ phase }) => phase)).toEqual(["complete", "complete"]);
    expect((await store.uploads.finish(id, finish)).phase).toBe("complete");
    expect((await store.uploads.start(words)).phase).toBe("complete");
    expect(await send(store, generation, 7, "world")).toBe(12);
    expect(store.disk.bytesOf(`complete/${id}`)).toEqual(new Uint8Array(hello));
    expect(store.disk.bytesOf(`open/${id}`)).toBeUndefined();
  });

  test("with another size or hash is refused, and loses nothing", async () => {
    await using store = await openStore();
    const { generation } = await store.uploads.start(words);
    await send(store, generation, 0, "hello");
    const early = await refusal(store.uploads.finish(id, { generation, size: 12 }));
    expect(early).toEqual([
      Reason.SIZE,
      Code.FailedPrecondition,
      5n,
      `upload ${id}: 5 bytes of 12 were received: send the rest from 5 on`,
    ]);
    await send(store, generation, 5, ", world");
    const wrong = await refusal(store.uploads.finish(id, { generation, size: 12, sha256: sha256(Buffer.from("x")) }));
    expect(wrong.slice(0, 3)).toEqual([Reason.HASH, Code.FailedPrecondition, 12n]);
    expect((await store.uploads.get(id)).phase).toBe("open");
    expect(await store.uploads.finish(id, { generation, size: 12, sha256: helloHash })).toMatchObject({
      phase: "complete",
    });
    expect((await refusal(store.uploads.finish(id, { generation, size: 11 })))[0]).toBe(Reason.SIZE);
  });

  test("of nothing is a file of no bytes", async () => {
    await using store = await openStore();
    const { generation } = await store.uploads.start({ ...words, size: 0 });
    const view = await store.uploads.finish(id, { generation, size: 0 });
    expect(view).toMatchObject({ phase: "complete", size: 0, sha256: sha256(Buffer.alloc(0)) });
  });

  test("must have the hash that was announced at the start", async () => {
    await using store = await openStore();
    const { generation } = await store.uploads.start({ ...words, sha256: sha256(Buffer.from("other")) });
    await send(store, generation, 0, "hello");
    expect((await refusal(store.uploads.finish(id, { generation, size: 5 })))[0]).toBe(Reason.HASH);
    expect((await refusal(store.uploads.finish(id, { generation, size: 5, sha256: helloHash })))[0]).toBe(Reason.HASH);
  });
});

describe("a start", () => {
  test("with other words than the first is refused; words that are left out are not other ones", async () => {
    await using store = await openStore({ products: [productId] });
    await store.uploads.start({ ...words, size: 12, productId });
    for (const other of [{ fileName: "b.bin" }, { size: 13 }, { productId: id }]) {
      const [reason, code] = await refusal(store.uploads.start({ ...words, ...other }));
      expect([reason, code]).toEqual([Reason.CONFLICT, Code.AlreadyExists]);
    }
    expect((await store.uploads.start({ id, fileName: "", productId: "" })).generation).toBe(2);
  });

  test("for a product that does not exist is not found, and leaves nothing behind", async () => {
    await using store = await openStore();
    await expect(store.uploads.start({ ...words, productId })).rejects.toThrow(`there is no product ${productId}`);
    await expect(store.uploads.get(id)).rejects.toBeInstanceOf(NotFoundError);
    expect(await store.disk.list("open")).toEqual([]);
    expect(store.uploads.openCount).toBe(0);
  });

  test("beyond a limit is refused with the numbers", async () => {
    await using store = await openStore({ settings: { maxFileBytes: 100, maxTotalBytes: 150, maxOpenUploads: 2 } });
    const message = async (call: Promise<unknown>) => (await refusal(call))[3];
    expect(await message(store.uploads.start({ ...words, size: 101 }))).toContain(
      "the file has 101 bytes, but a file may have 100 at most",
    );
    await store.uploads.start({ ...words, size: 100 });
    expect(await message(store.uploads.start({ ...words, id: productId, size: 51 }))).toContain(
      "limit of 150 bytes of uploads reached: 100 are in use, and 51 more do not fit; retry later",
    );
    const { generation } = await store.uploads.start({ ...words, id: productId });
    const [reason, code] = await refusal(
      store.uploads.writeChunk(productId, { generation, offset: 0, data: Buffer.alloc(51) }),
    );
    expect([reason, code]).toEqual([Reason.QUOTA, Code.ResourceExhausted]);
    expect(await message(store.uploads.start({ ...words, id: productId.replace("5", "6") }))).toContain(
      "limit of 2 open uploads reached; retry later",
    );
    await store.uploads.abort(id);
    expect([store.uploads.totalBytes, store.uploads.openCount]).toEqual([0, 1]);
  });
});

describe("the quota", () => {
  const GiB = 2 ** 30;
  const idOf = (index: number) => `3f1c4bf0-7c58-4b0e-9a55-${String(index).padStart(12, "0")}`;

  test("counts what is stored: eight uploads that announce 32 GiB each and bring nothing leave room for all others", async () => {
    const settings = { maxFileBytes: 32 * GiB, maxTotalBytes: 256 * GiB, maxOpenUploads: 1_000 };
    await using store = await openStore({ settings, peerShare: 0.5 });
    for (let index = 0; index < 8; index++) {
      await store.uploads.start({ ...words, id: idOf(index), size: 32 * GiB }, "greedy");
    }
    expect(store.uploads.totalBytes).toBe(8 * Math.ceil((32 * GiB) / 1_000));
    const { generation } = await store.uploads.start({ ...words, size: 32 * GiB }, "other");
    expect(await send(store, generation, 0, "hello")).toBe(5);
  });

  test.each([
    [undefined, 0],
    [100, 100],
    [10_000_000, minReservedBytes],
    [1_000_000_001, 1_000_001],
    [2 ** 40, maxReservedBytes],
  ])("reserves of an announced size of %d bytes %d", (size, reserved) => expect(reservedBytes(size)).toBe(reserved));

  test("does not shrink what is reserved when less than that is stored, and counts all that is stored beyond it", async () => {
    await using store = await openStore({ settings: { maxFileBytes: 2 ** 30 } });
    const { generation } = await store.uploads.start({ ...words, size: 2 * minReservedBytes });
    await send(store, generation, 0, "hello");
    expect(store.uploads.totalBytes).toBe(minReservedBytes);
    const chunk = { generation, data: Buffer.alloc(maxChunkBytes) };
    await store.uploads.writeChunk(id, { ...chunk, offset: 5 });
    expect(store.uploads.totalBytes).toBe(5 + maxChunkBytes);
    await store.uploads.abort(id);
    expect(store.uploads.totalBytes).toBe(0);
  });

  test("that is reached in the middle refuses the rest, keeps what is committed, and takes it when there is room", async () => {
    await using store = await openStore({ settings: { maxTotalBytes: 20 } });
    const other = await store.uploads.start({ ...words, id: productId });
    await store.uploads.writeChunk(productId, { ...other, offset: 0, data: hello });
    const { generation } = await store.uploads.start(words);
    await send(store, generation, 0, "hello");
    expect(await refusal(send(store, generation, 5, ", world"))).toEqual([
      Reason.QUOTA,
      Code.ResourceExhausted,
      5n,
      `upload ${id}: limit of 20 bytes of uploads reached: 17 are in use, and 7 more do not fit; retry later; what is committed stays: resume when there is room`,
    ]);
    async function* rest() {
      yield { kind: "chunk" as const, offset: 5, data: hello.subarray(5) };
    }
    expect((await refusal(receiveUpload(words, rest(), store))).slice(0, 3)).toEqual([
      Reason.QUOTA,
      Code.ResourceExhausted,
      5n,
    ]);
    await store.uploads.abort(productId);
    const again = await store.uploads.start(words);
    expect(again.committed).toBe(5);
    expect(await send(store, again.generation, 5, ", world")).toBe(12);
    const view = await store.uploads.finish(id, { generation: again.generation, size: 12, sha256: helloHash });
    expect([view.phase, store.uploads.totalBytes]).toEqual(["complete", 12]);
  });

  test("of a client is its share, of bytes and of open uploads, and another one gets its own", async () => {
    await using store = await openStore({ settings: { maxTotalBytes: 20, maxOpenUploads: 4 }, peerShare: 0.5 });
    const { generation } = await store.uploads.start(words, "a");
    expect((await refusal(send(store, generation, 0, "hello, world")))[3]).toContain(
      "limit of 10 bytes of uploads per client reached: 0 are in use, and 12 more do not fit; abort or delete others first",
    );
    expect(await send(store, generation, 0, "hello, wor")).toBe(10);
    await store.uploads.start({ ...words, id: idOf(1) }, "a");
    const third = await refusal(store.uploads.start({ ...words, id: idOf(2) }, "a"));
    expect([third[0], third[3]]).toEqual([
      Reason.TOO_MANY,
      `upload ${idOf(2)}: limit of 2 open uploads per client reached; finish or abort others first`,
    ]);
    const other = await store.uploads.start({ ...words, id: idOf(3) }, "b");
    expect(await store.uploads.writeChunk(idOf(3), { ...other, offset: 0, data: hello.subarray(0, 10) })).toBe(10);
  });

  test("of a client is the same after a restart, with complete uploads, and empty when all of them are gone", async () => {
    const shared = { settings: { maxTotalBytes: 40, maxOpenUploads: 4 }, peerShare: 0.5 };
    await using first = await openStore(shared);
    const { generation } = await first.uploads.start(words, "a");
    await send(first, generation, 0, "hello, world");
    await first.uploads.finish(id, { generation, size: 12 });
    const open = await first.uploads.start({ ...words, id: idOf(1) }, "a");
    await first.uploads.writeChunk(idOf(1), { ...open, offset: 0, data: hello.subarray(0, 8) });
    await first.uploads[Symbol.asyncDispose]();
    await using second = await openStore({ ...shared, disk: first.disk, store: first.store });
    const { bytes, open: opened } = second.uploads.limits;
    expect([bytes.usedBy("a"), opened.usedBy("a"), bytes.availableTo("b")]).toEqual([20, 1, 20]);
    const more = second.uploads.writeChunk(idOf(1), { ...open, offset: 8, data: hello.subarray(8) });
    expect((await refusal(more))[0]).toBe(Reason.QUOTA);
    await second.uploads.abort(id);
    expect(await second.uploads.writeChunk(idOf(1), { ...open, offset: 8, data: hello.subarray(8) })).toBe(12);
    await second.uploads.abort(idOf(1));
    expect([bytes.used, bytes.peerCount, opened.used, opened.peerCount]).toEqual([0, 0, 0, 0]);
  });

  test("is not taken for a week by a thousand uploads without a byte: they are forgotten within minutes", async () => {
    await using store = await openStore({ settings: { maxOpenUploads: 1_000, expiryMs: 7 * 86_400_000 } });
    for (let index = 0; index < 1_000; index++) await store.uploads.start({ ...words, id: idOf(index) });
    expect((await refusal(store.uploads.start(words)))[0]).toBe(Reason.TOO_MANY);
    await pass(store, emptyExpiryMs + 11 * sweepIntervalMs);
    expect(store.uploads.openCount).toBe(0);
    expect(await store.disk.list("open")).toEqual([]);
    await expect(store.uploads.get(idOf(0))).rejects.toBeInstanceOf(NotFoundError);
    expect((await store.uploads.start({ ...words, id: idOf(0) })).generation).toBe(1);
  });
});

describe("an upload without a byte", () => {
  test("is forgotten after some minutes; one with a byte is not, nor one that is started again meanwhile", async () => {
    await using store = await openStore({ settings: { expiryMs: 86_400_000 } });
    const { generation } = await store.uploads.start(words);
    await store.uploads.start({ ...words, id: productId });
    await send(store, generation, 0, "h");
    await pass(store, emptyExpiryMs - sweepIntervalMs);
    expect((await store.uploads.start({ ...words, id: productId })).generation).toBe(2);
    await pass(store, 3 * sweepIntervalMs);
    expect((await store.uploads.get(productId)).phase).toBe("open");
    await pass(store, emptyExpiryMs);
    await expect(store.uploads.get(productId)).rejects.toBeInstanceOf(NotFoundError);
    expect((await store.uploads.get(id)).phase).toBe("open");
  });

  test("stays as long as a stream is under way, and does not keep others from being forgotten", async () => {
    await using store = await openStore({ settings: { maxOpenUploads: 500, expiryMs: 86_400_000 } });
    const ids = Array.from({ length: 300 }, (_, index) => `3f1c4bf0-7c58-4b0e-9a55-${String(index).padStart(12, "0")}`);
    for (const each of ids) await store.uploads.start({ ...words, id: each });
    const end = Promise.withResolvers<void>();
    const writing = ids.slice(0, 150).map((each) => store.uploads.write(each, () => end.promise));
    await pass(store, emptyExpiryMs + 5 * sweepIntervalMs);
    expect(store.uploads.openCount).toBe(150);
    end.resolve();
    await Promise.all(writing);
  });

  test("that is started while it is being forgotten is a new one", async () => {
    await using store = await openStore({ settings: { expiryMs: 86_400_000 } });
    await store.uploads.start(words);
    const remove = store.store.remove.bind(store.store);
    let started: Promise<{ readonly generation: number; readonly phase: string }> | undefined;
    store.store.remove = async (each) => {
      started ??= store.uploads.start(words);
      await turns();
      await remove(each);
    };
    await pass(store, emptyExpiryMs + 3 * sweepIntervalMs);
    expect(await started).toMatchObject({ generation: 1, phase: "open" });
    expect(store.uploads.openCount).toBe(1);
  });
});

describe("an upload that is given up", () => {
  test("is deleted with its bytes, also when it is complete, and says so from then on", async () => {
    await using store = await openStore();
    const { generation } = await store.uploads.start(words);
    await send(store, generation, 0, "hello");
    await store.uploads.finish(id, { generation, size: 5 });
    expect(store.uploads.totalBytes).toBe(5);
    expect((await store.uploads.abort(id)).phase).toBe("aborted");
    expect((await store.uploads.abort(id)).phase).toBe("aborted");
    expect(store.disk.bytesOf(`complete/${id}`)).toBeUndefined();
    expect(store.uploads.totalBytes).toBe(0);
    for (const call of [store.uploads.start(words), send(store, generation, 0, "x")]) {
      expect((await refusal(call)).slice(0, 2)).toEqual([Reason.STATE, Code.FailedPrecondition]);
    }
  });

  test("expires when nothing more of it comes, and is forgotten after as long again", async () => {
    await using store = await openStore({ settings: { expiryMs: 3 * sweepIntervalMs } });
    const { generation } = await store.uploads.start(words);
    await send(store, generation, 0, "hello");
    await pass(store, 2 * sweepIntervalMs);
    await send(store, generation, 5, ",");
    const { createMicros, updateMicros } = await store.uploads.get(id);
    expect(updateMicros - createMicros).toBe(2 * sweepIntervalMs * 1_000);
    await pass(store, 2 * sweepIntervalMs);
    expect((await store.uploads.get(id)).phase).toBe("open");
    await pass(store, 4 * sweepIntervalMs);
    expect((await store.uploads.get(id)).phase).toBe("expired");
    expect(await store.disk.list("open")).toEqual([]);
    expect(store.uploads.totalBytes).toBe(0);
    await pass(store, 5 * sweepIntervalMs);
    await expect(store.uploads.get(id)).rejects.toBeInstanceOf(NotFoundError);
  });

  test("does not expire when more of it comes while others do", async () => {
    await using store = await openStore({ settings: { expiryMs: 3 * sweepIntervalMs } });
    const { generation } = await store.uploads.start(words);
    const unchangedSince = store.store.unchangedSince.bind(store.store);
    let sent: number | undefined;
    store.store.unchangedSince = async (...query) => {
      const found = await unchangedSince(...query);
      if (found.length > 0) sent ??= await send(store, generation, 0, "hello");
      return found;
    };
    await pass(store, 4 * sweepIntervalMs);
    expect(sent).toBe(5);
    expect(await store.uploads.get(id)).toMatchObject({ phase: "open", committed: 5 });
  });

  test("is complete only for whom it has the hash that they told", async () => {
    await using store = await openStore();
    const { generation } = await store.uploads.start(words);
    await send(store, generation, 0, "hello, world");
    const wrong = refusal(store.uploads.finish(id, { generation, size: 12, sha256: sha256(Buffer.from("other")) }));
    const right = store.uploads.finish(id, { generation, size: 12, sha256: helloHash });
    expect((await right).phase).toBe("complete");
    expect((await wrong)[0]).toBe(Reason.HASH);
  });

  test("while its hash is counted is told to who waits for that", async () => {
    const counting = Promise.withResolvers<string>();
    const hasher = {
      advance() {},
      digest: () => counting.promise,
      forget: () => counting.reject(new Error("the upload is gone")),
      async [Symbol.asyncDispose]() {},
    };
    await using store = await openStore({ hasher });
    const { generation } = await store.uploads.start(words);
    const finished = refusal(store.uploads.finish(id, { generation, size: 0 }));
    await turns();
    await store.uploads.abort(id);
    expect((await finished).slice(0, 2)).toEqual([Reason.STATE, Code.FailedPrecondition]);
  });

  test("that nobody has to do with goes on after its file was closed", async () => {
    await using store = await openStore();
    const { generation } = await store.uploads.start(words);
    await send(store, generation, 0, "hello");
    await pass(store, idleSessionMs + sweepIntervalMs);
    expect(await send(store, generation, 5, ", world")).toBe(12);
    const view = await store.uploads.finish(id, { generation, size: 12, sha256: helloHash });
    expect(view.phase).toBe("complete");
  });
});

describe("a disk", () => {
  test("that fails to sync makes the store read only, and nothing is acknowledged any more", async () => {
    let fails = false;
    const disk = failing((name) => name === "sync" && fails, "EIO");
    await using store = await openStore({ disk });
    const { generation } = await store.uploads.start(words);
    expect(await send(store, generation, 0, "hello")).toBe(5);
    fails = true;
    const [reason, code, committed] = await refusal(send(store, generation, 5, ", world"));
    expect([reason, code, committed]).toEqual([Reason.READ_ONLY, Code.Unavailable, 5n]);
    fails = false;
    // The next sync would succeed, and mean nothing.
    for (const call of [
      send(store, generation, 5, "x"),
      store.uploads.start(words),
      store.uploads.finish(id, { generation }),
    ]) {
      expect((await refusal(call))[0]).toBe(Reason.READ_ONLY);
    }
    expect((await store.uploads.get(id)).committed).toBe(5);
    expect(store.failures).toHaveLength(1);
  });

  test("that has failed for one upload publishes no other", async () => {
    let fails = false;
    await using store = await openStore({ disk: failing((name) => name === "sync" && fails, "EIO") });
    const other = await store.uploads.start({ ...words, id: productId });
    const { generation } = await store.uploads.start(words);
    fails = true;
    await refusal(send(store, generation, 0, "hello"));
    fails = false;
    expect((await refusal(store.uploads.finish(productId, { ...other, size: 0 })))[0]).toBe(Reason.READ_ONLY);
    expect((await store.uploads.get(productId)).phase).toBe("open");
  });

  test("that is full while a stream comes ends it with the reason, and the stream goes on later", async () => {
    let full = false;
    const disk = failing((name) => name === "write" && full, "ENOSPC");
    await using store = await openStore({ disk });
    async function* pieces() {
      yield { kind: "chunk" as const, data: hello };
      await turns();
      full = true;
      yield { kind: "chunk" as const, data: hello };
      await turns();
      yield { kind: "chunk" as const, data: hello };
    }
    const [reason, code, committed] = await refusal(receiveUpload(words, pieces(), store));
    expect([reason, code, committed]).toEqual([Reason.QUOTA, Code.ResourceExhausted, 12n]);
    full = false;
    const rest = Buffer.concat([hello, hello]);
    async function* again() {
      yield { kind: "chunk" as const, offset: 12, data: rest };
      yield { kind: "finish" as const };
    }
    expect(await receiveUpload(words, again(), store)).toMatchObject({ phase: "complete", size: 36 });
  });

  test("that is full refuses what has no room, and takes it when there is", async () => {
    let full = false;
    const disk = failing((name) => name === "write" && full, "ENOSPC");
    await using store = await openStore({ disk });
    const { generation } = await store.uploads.start(words);
    await send(store, generation, 0, "hello");
    full = true;
    const [reason, code, committed] = await refusal(send(store, generation, 5, ", world"));
    expect([reason, code, committed]).toEqual([Reason.QUOTA, Code.ResourceExhausted, 5n]);
    full = false;
    expect(await send(store, generation, 5, ", world")).toBe(12);
    expect((await store.uploads.finish(id, { generation, size: 12, sha256: helloHash })).phase).toBe("complete");
  });

  test("that has lost what was committed makes the upload damaged when the server starts", async () => {
    await using first = await openStore();
    const { generation } = await first.uploads.start(words);
    await send(first, generation, 0, "hello");
    await first.uploads[Symbol.asyncDispose]();
    first.disk.plant(`open/${id}`, Buffer.from("hell"));
    await using second = await openStore({ disk: first.disk, store: first.store });
    expect(second.recovery.damaged).toEqual([id]);
    expect((await refusal(second.uploads.start(words))).slice(0, 3)).toEqual([
      Reason.STATE,
      Code.FailedPrecondition,
      5n,
    ]);
    expect((await second.uploads.abort(id)).phase).toBe("aborted");
    expect(await second.disk.list("open")).toEqual([]);
  });

  test("with files that no upload has is cleaned when the server starts", async () => {
    const disk = new SimulatedDisk({ below: () => 0 });
    disk.plant("open/stray", hello);
    disk.plant(`complete/${id}`, hello);
    await using store = await openStore({ disk });
    expect(store.recovery.strayFiles).toBe(2);
    expect(disk.bytesOf(`complete/${id}`)).toBeUndefined();
  });
});

describe("a database", () => {
  test("that takes no offsets ends a stream instead of keeping it waiting", async () => {
    const store = new MemoryUploadStore();
    store.commitOffsets = () => Promise.reject(new StoreFullError("the disk has no more room"));
    await using opened = await openStore({ store });
    async function* pieces() {
      for (let chunk = 0; chunk < 64; chunk++) yield { kind: "chunk" as const, data: new Uint8Array(maxChunkBytes) };
    }
    const [reason, code, committed] = await refusal(receiveUpload(words, pieces(), opened));
    expect([reason, code, committed]).toEqual([Reason.QUOTA, Code.ResourceExhausted, 0n]);
  });

  test("that has no room for a row has it when the bytes of an aborted upload are gone", async () => {
    const store = new MemoryUploadStore();
    const update = store.update.bind(store);
    await using opened = await openStore({ store });
    store.update = async (record) => {
      if (opened.disk.bytesOf(`open/${id}`) !== undefined) throw new StoreFullError("the disk has no more room");
      return update(record);
    };
    const { generation } = await opened.uploads.start(words);
    await send(opened, generation, 0, "hello");
    expect((await opened.uploads.abort(id)).phase).toBe("aborted");
    expect([opened.uploads.totalBytes, opened.uploads.openCount]).toEqual([0, 0]);
  });
});

test("images of a product are those that are complete and are images", async () => {
  await using store = await openStore({ products: [productId] });
  const ids = [id, id.replace("3", "4"), id.replace("3", "5")];
  for (const each of ids) {
    const { generation } = await store.uploads.start({ ...words, id: each, productId });
    if (each === ids[2]) break;
    await store.uploads.finish(each, { generation, size: 0 });
  }
  await store.store.update({
    ...(await mustGet(store, ids[0])),
    contentType: "image/png",
    image: { width: 1, height: 2 },
  });
  expect((await store.uploads.imagesOf([productId], 10)).map((view) => view.id)).toEqual([id]);
});

async function mustGet({ store }: TestUploads, each = "") {
  const record = await store.get(each);
  if (record === undefined) throw new Error(`there is no upload ${each}`);
  return record;
}

/** Brings a file in as the only writer that it believes to be, and tells how that ended. */
async function writer({ uploads }: TestUploads, bytes: Buffer, below4: () => number): Promise<string> {
  try {
    for (let turns = below4(); turns > 0; turns--) await null;
    const { generation, committed } = await uploads.start(words);
    for (let offset = committed; offset < bytes.length; ) {
      const data = bytes.subarray(offset, offset + 1 + 4 * below4());
      await uploads.writeChunk(id, { generation, offset, data });
      offset += data.length;
    }
    return (await uploads.finish(id, { generation, size: bytes.length, sha256: sha256(bytes) })).phase;
  } catch (error) {
    if (error instanceof UploadError && error.detail.reason === Reason.STALE_WRITER) return "stale";
    throw error;
  }
}

const openStore = (options?: TestUploadsOptions) => openTestUploads(options);

function send({ uploads }: TestUploads, generation: number, offset: number, text: string): Promise<number> {
  return uploads.writeChunk(id, { generation, offset, data: Buffer.from(text) });
}

/** What a client is told of an upload that refuses: the reason, the code, the committed offset, the message. */
async function refusal(call: Promise<unknown>): Promise<[Reason, Code, bigint, string]> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof UploadError)) throw new Error("the upload did not refuse", { cause: error });
  const { code } = toConnectError(error) as { code: Code };
  return [error.detail.reason, code, error.detail.committedOffset, error.message];
}

function failing(fails: (name: string) => boolean, code: string): SimulatedDisk {
  const onOperation = (name: string) => {
    if (fails(name)) throw Object.assign(new Error(code), { code });
  };
  return new SimulatedDisk({ below: () => 0, onOperation });
}

/** Lets all that can go on without more time go on. */
async function turns(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

async function pass({ timers }: TestUploads, millis: number): Promise<void> {
  for (let passed = 0; passed < millis; passed += sweepIntervalMs) {
    timers.advance(sweepIntervalMs);
    await turns();
    await turns();
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
