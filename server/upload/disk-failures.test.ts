import { Code } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { UploadProblemReason as Reason } from "../../gen/bourse/upload/v1/upload_pb.ts";
import { StoreFullError } from "../storage/storage-errors.ts";
import { receiveUploadStream } from "./session/receive-upload-stream.ts";
import { maxChunkBytes } from "./session/upload-state-machine.ts";
import { MemoryUploadStore } from "./store/testing/memory-upload-store.ts";
import {
  failingDisk,
  hello,
  helloHash,
  id,
  metadata,
  openTestUploads,
  productId,
  refusal,
  runPending,
  send,
} from "./testing/test-uploads.ts";

describe("a failed sync", () => {
  test("makes the store read-only: nothing more is acknowledged", async () => {
    let fails = false;
    const disk = failingDisk((name) => name === "sync" && fails, "EIO");
    await using store = await openTestUploads({ disk });
    const { generation } = await store.uploads.start(metadata);
    expect(await send(store, generation, 0, "hello")).toBe(5);
    fails = true;
    const [reason, code, committed] = await refusal(send(store, generation, 5, ", world"));
    expect([reason, code, committed]).toEqual([Reason.READ_ONLY, Code.Unavailable, 5n]);
    fails = false;
    // The next sync would succeed, but would not make the lost data durable.
    for (const call of [
      send(store, generation, 5, "x"),
      store.uploads.start(metadata),
      store.uploads.finish(id, { generation }),
    ]) {
      expect((await refusal(call))[0]).toBe(Reason.READ_ONLY);
    }
    expect((await store.uploads.get(id)).committed).toBe(5);
    expect(store.failures).toHaveLength(1);
  });

  test("of one upload prevents the publication of all others", async () => {
    let fails = false;
    await using store = await openTestUploads({ disk: failingDisk((name) => name === "sync" && fails, "EIO") });
    const other = await store.uploads.start({ ...metadata, id: productId });
    const { generation } = await store.uploads.start(metadata);
    fails = true;
    await refusal(send(store, generation, 0, "hello"));
    fails = false;
    expect((await refusal(store.uploads.finish(productId, { ...other, size: 0 })))[0]).toBe(Reason.READ_ONLY);
    expect((await store.uploads.get(productId)).phase).toBe("open");
  });
});

describe("a full disk", () => {
  test("ends a stream with the reason; the stream can be resumed later", async () => {
    let full = false;
    const disk = failingDisk((name) => name === "write" && full, "ENOSPC");
    await using store = await openTestUploads({ disk });
    async function* pieces() {
      yield { kind: "chunk" as const, data: hello };
      await runPending();
      full = true;
      yield { kind: "chunk" as const, data: hello };
      await runPending();
      yield { kind: "chunk" as const, data: hello };
    }
    const [reason, code, committed] = await refusal(receiveUploadStream(metadata, pieces(), store));
    expect([reason, code, committed]).toEqual([Reason.QUOTA, Code.ResourceExhausted, 12n]);
    full = false;
    const rest = Buffer.concat([hello, hello]);
    async function* again() {
      yield { kind: "chunk" as const, offset: 12, data: rest };
      yield { kind: "finish" as const };
    }
    expect(await receiveUploadStream(metadata, again(), store)).toMatchObject({ phase: "complete", size: 36 });
  });

  test("refuses a chunk and accepts it when there is space", async () => {
    let full = false;
    const disk = failingDisk((name) => name === "write" && full, "ENOSPC");
    await using store = await openTestUploads({ disk });
    const { generation } = await store.uploads.start(metadata);
    await send(store, generation, 0, "hello");
    full = true;
    const [reason, code, committed] = await refusal(send(store, generation, 5, ", world"));
    expect([reason, code, committed]).toEqual([Reason.QUOTA, Code.ResourceExhausted, 5n]);
    full = false;
    expect(await send(store, generation, 5, ", world")).toBe(12);
    expect((await store.uploads.finish(id, { generation, size: 12, sha256: helloHash })).phase).toBe("complete");
  });
});

describe("a full database", () => {
  test("refuses a start, which has no bytes to resume from", async () => {
    const store = new MemoryUploadStore();
    store.insert = () => Promise.reject(new StoreFullError("the disk is full"));
    await using opened = await openTestUploads({ store });
    const [reason, code, committed, message] = await refusal(opened.uploads.start(metadata));
    expect([reason, code, committed]).toEqual([Reason.QUOTA, Code.ResourceExhausted, 0n]);
    expect(message).toContain("start the upload again when there is space");
  });

  test("ends a stream instead of blocking it", async () => {
    const store = new MemoryUploadStore();
    store.commitOffsets = () => Promise.reject(new StoreFullError("the disk is full"));
    await using opened = await openTestUploads({ store });
    async function* pieces() {
      for (let chunk = 0; chunk < 64; chunk++) yield { kind: "chunk" as const, data: new Uint8Array(maxChunkBytes) };
    }
    const [reason, code, committed] = await refusal(receiveUploadStream(metadata, pieces(), opened));
    expect([reason, code, committed]).toEqual([Reason.QUOTA, Code.ResourceExhausted, 0n]);
  });

  test("accepts the row of an aborted upload after its bytes are deleted", async () => {
    const store = new MemoryUploadStore();
    const update = store.update.bind(store);
    await using opened = await openTestUploads({ store });
    store.update = async (record) => {
      if (opened.disk.bytesOf(`open/${id}`) !== undefined) throw new StoreFullError("the disk is full");
      return update(record);
    };
    const { generation } = await opened.uploads.start(metadata);
    await send(opened, generation, 0, "hello");
    expect((await opened.uploads.abort(id)).phase).toBe("aborted");
    expect([opened.uploads.totalBytes, opened.uploads.openCount]).toEqual([0, 0]);
  });
});
