import { Code } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { UploadProblemReason as Reason } from "../../gen/bourse/upload/v1/upload_pb.ts";
import { receiveUploadStream } from "./session/receive-upload-stream.ts";
import { maxChunkBytes } from "./session/upload-state-machine.ts";
import {
  hello,
  helloHash,
  id,
  idOf,
  metadata,
  openTestUploads,
  productId,
  refusal,
  send,
} from "./testing/test-uploads.ts";
import { maxReservedBytes, minReservedBytes, reservedBytes } from "./upload-quota.ts";

describe("the quota", () => {
  const GiB = 2 ** 30;

  test("refuses a start beyond a limit, with the numbers", async () => {
    await using store = await openTestUploads({
      settings: { maxFileBytes: 100, maxTotalBytes: 150, maxOpenUploads: 2 },
    });
    const message = async (call: Promise<unknown>) => (await refusal(call))[3];
    expect(await message(store.uploads.start({ ...metadata, size: 101 }))).toContain(
      "the file has 101 bytes, more than the limit of 100 bytes per file",
    );
    await store.uploads.start({ ...metadata, size: 100 });
    expect(await message(store.uploads.start({ ...metadata, id: productId, size: 51 }))).toContain(
      "limit of 150 bytes of uploads would be exceeded: 100 are in use, and 51 more were requested; retry later; start the upload again when there is space",
    );
    const { generation } = await store.uploads.start({ ...metadata, id: productId });
    const [reason, code] = await refusal(
      store.uploads.writeChunk(productId, { generation, offset: 0, data: Buffer.alloc(51) }),
    );
    expect([reason, code]).toEqual([Reason.QUOTA, Code.ResourceExhausted]);
    expect(await message(store.uploads.start({ ...metadata, id: productId.replace("5", "6") }))).toContain(
      "limit of 2 open uploads reached; retry later",
    );
    await store.uploads.abort(id);
    expect([store.uploads.totalBytes, store.uploads.openCount]).toEqual([0, 1]);
  });

  test("counts stored bytes: eight uploads that announce 32 GiB each and send nothing leave space for all others", async () => {
    const settings = { maxFileBytes: 32 * GiB, maxTotalBytes: 256 * GiB, maxOpenUploads: 1_000 };
    await using store = await openTestUploads({ settings, peerShare: 0.5 });
    for (let index = 0; index < 8; index++) {
      await store.uploads.start({ ...metadata, id: idOf(index), size: 32 * GiB }, "greedy");
    }
    expect(store.uploads.totalBytes).toBe(8 * Math.ceil((32 * GiB) / 1_000));
    const { generation } = await store.uploads.start({ ...metadata, size: 32 * GiB }, "other");
    expect(await send(store, generation, 0, "hello")).toBe(5);
  });

  test.each([
    [undefined, 0],
    [100, 100],
    [10_000_000, minReservedBytes],
    [1_000_000_001, 1_000_001],
    [2 ** 40, maxReservedBytes],
  ])("for an announced size of %d bytes reserves %d", (size, reserved) => expect(reservedBytes(size)).toBe(reserved));

  test("counts the larger of the reserved and the stored bytes", async () => {
    await using store = await openTestUploads({ settings: { maxFileBytes: 2 ** 30 } });
    const { generation } = await store.uploads.start({ ...metadata, size: 2 * minReservedBytes });
    await send(store, generation, 0, "hello");
    expect(store.uploads.totalBytes).toBe(minReservedBytes);
    const chunk = { generation, data: Buffer.alloc(maxChunkBytes) };
    await store.uploads.writeChunk(id, { ...chunk, offset: 5 });
    expect(store.uploads.totalBytes).toBe(5 + maxChunkBytes);
    await store.uploads.abort(id);
    expect(store.uploads.totalBytes).toBe(0);
  });

  test("refuses the rest of an upload when it is used up, keeps the committed bytes, and accepts the rest when there is space", async () => {
    await using store = await openTestUploads({ settings: { maxTotalBytes: 20 } });
    const other = await store.uploads.start({ ...metadata, id: productId });
    await store.uploads.writeChunk(productId, { ...other, offset: 0, data: hello });
    const { generation } = await store.uploads.start(metadata);
    await send(store, generation, 0, "hello");
    expect(await refusal(send(store, generation, 5, ", world"))).toEqual([
      Reason.QUOTA,
      Code.ResourceExhausted,
      5n,
      `upload ${id}: limit of 20 bytes of uploads would be exceeded: 17 are in use, and 7 more were requested; retry later; committed bytes are kept: resume when there is space`,
    ]);
    async function* rest() {
      yield { kind: "chunk" as const, offset: 5, data: hello.subarray(5) };
    }
    expect((await refusal(receiveUploadStream(metadata, rest(), store))).slice(0, 3)).toEqual([
      Reason.QUOTA,
      Code.ResourceExhausted,
      5n,
    ]);
    await store.uploads.abort(productId);
    const again = await store.uploads.start(metadata);
    expect(again.committed).toBe(5);
    expect(await send(store, again.generation, 5, ", world")).toBe(12);
    const view = await store.uploads.finish(id, { generation: again.generation, size: 12, sha256: helloHash });
    expect([view.phase, store.uploads.totalBytes]).toEqual(["complete", 12]);
  });

  test("gives each client its share of the bytes and of the open uploads", async () => {
    await using store = await openTestUploads({ settings: { maxTotalBytes: 20, maxOpenUploads: 4 }, peerShare: 0.5 });
    const { generation } = await store.uploads.start(metadata, "a");
    expect((await refusal(send(store, generation, 0, "hello, world")))[3]).toContain(
      "limit of 10 bytes of uploads per client would be exceeded: 0 are in use, and 12 more were requested; abort or delete some of yours first",
    );
    expect(await send(store, generation, 0, "hello, wor")).toBe(10);
    await store.uploads.start({ ...metadata, id: idOf(1) }, "a");
    const third = await refusal(store.uploads.start({ ...metadata, id: idOf(2) }, "a"));
    expect([third[0], third[3]]).toEqual([
      Reason.TOO_MANY,
      `upload ${idOf(2)}: limit of 2 open uploads per client reached; finish or abort some of yours first`,
    ]);
    const other = await store.uploads.start({ ...metadata, id: idOf(3) }, "b");
    expect(await store.uploads.writeChunk(idOf(3), { ...other, offset: 0, data: hello.subarray(0, 10) })).toBe(10);
  });

  test("of a client is the same after a restart, counts complete uploads, and is free after all are aborted", async () => {
    const shared = { settings: { maxTotalBytes: 40, maxOpenUploads: 4 }, peerShare: 0.5 };
    await using first = await openTestUploads(shared);
    const { generation } = await first.uploads.start(metadata, "a");
    await send(first, generation, 0, "hello, world");
    await first.uploads.finish(id, { generation, size: 12 });
    const open = await first.uploads.start({ ...metadata, id: idOf(1) }, "a");
    await first.uploads.writeChunk(idOf(1), { ...open, offset: 0, data: hello.subarray(0, 8) });
    await first.uploads[Symbol.asyncDispose]();
    await using second = await openTestUploads({ ...shared, disk: first.disk, store: first.store });
    const { bytes, open: opened } = second.uploads.limits;
    expect([bytes.usedBy("a"), opened.usedBy("a"), bytes.availableTo("b")]).toEqual([20, 1, 20]);
    const more = second.uploads.writeChunk(idOf(1), { ...open, offset: 8, data: hello.subarray(8) });
    expect((await refusal(more))[0]).toBe(Reason.QUOTA);
    await second.uploads.abort(id);
    expect(await second.uploads.writeChunk(idOf(1), { ...open, offset: 8, data: hello.subarray(8) })).toBe(12);
    await second.uploads.abort(idOf(1));
    expect([bytes.used, bytes.peerCount, opened.used, opened.peerCount]).toEqual([0, 0, 0, 0]);
  });
});
