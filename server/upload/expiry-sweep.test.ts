import { describe, expect, test } from "vitest";
import { UploadProblemReason as Reason } from "../../gen/bourse/upload/v1/upload_pb.ts";
import { NotFoundError } from "../shared/api-resource-errors.ts";
import { emptyExpiryMs, sweepIntervalMs } from "./expiry-sweep.ts";
import { idleSessionMs } from "./session/session-registry.ts";
import {
  advance,
  helloHash,
  id,
  idOf,
  metadata,
  openTestUploads,
  productId,
  refusal,
  runPending,
  send,
} from "./testing/test-uploads.ts";

describe("an upload without a byte", () => {
  test("is deleted after some minutes, unless it is started again; an upload with a byte is kept", async () => {
    await using store = await openTestUploads({ settings: { expiryMs: 86_400_000 } });
    const { generation } = await store.uploads.start(metadata);
    await store.uploads.start({ ...metadata, id: productId });
    await send(store, generation, 0, "h");
    await advance(store, emptyExpiryMs - sweepIntervalMs);
    expect((await store.uploads.start({ ...metadata, id: productId })).generation).toBe(2);
    await advance(store, 3 * sweepIntervalMs);
    expect((await store.uploads.get(productId)).phase).toBe("open");
    await advance(store, emptyExpiryMs);
    await expect(store.uploads.get(productId)).rejects.toBeInstanceOf(NotFoundError);
    expect((await store.uploads.get(id)).phase).toBe("open");
  });

  test("is kept while a stream writes to it, and does not delay the deletion of others", async () => {
    await using store = await openTestUploads({ settings: { maxOpenUploads: 500, expiryMs: 86_400_000 } });
    const ids = Array.from({ length: 300 }, (_, index) => `3f1c4bf0-7c58-4b0e-9a55-${String(index).padStart(12, "0")}`);
    for (const each of ids) await store.uploads.start({ ...metadata, id: each });
    const end = Promise.withResolvers<void>();
    const writing = ids.slice(0, 150).map((each) => store.uploads.write(each, () => end.promise));
    await advance(store, emptyExpiryMs + 5 * sweepIntervalMs);
    expect(store.uploads.openCount).toBe(150);
    end.resolve();
    await Promise.all(writing);
  });

  test("that is started during its deletion is created again", async () => {
    await using store = await openTestUploads({ settings: { expiryMs: 86_400_000 } });
    await store.uploads.start(metadata);
    const remove = store.store.remove.bind(store.store);
    let started: Promise<{ readonly generation: number; readonly phase: string }> | undefined;
    store.store.remove = async (each) => {
      started ??= store.uploads.start(metadata);
      await runPending();
      await remove(each);
    };
    await advance(store, emptyExpiryMs + 3 * sweepIntervalMs);
    expect(await started).toMatchObject({ generation: 1, phase: "open" });
    expect(store.uploads.openCount).toBe(1);
  });

  test("does not use up the quota for long: a thousand of them are deleted within minutes", async () => {
    await using store = await openTestUploads({ settings: { maxOpenUploads: 1_000, expiryMs: 7 * 86_400_000 } });
    for (let index = 0; index < 1_000; index++) await store.uploads.start({ ...metadata, id: idOf(index) });
    expect((await refusal(store.uploads.start(metadata)))[0]).toBe(Reason.TOO_MANY);
    await advance(store, emptyExpiryMs + 11 * sweepIntervalMs);
    expect(store.uploads.openCount).toBe(0);
    expect(await store.disk.list("open")).toEqual([]);
    await expect(store.uploads.get(idOf(0))).rejects.toBeInstanceOf(NotFoundError);
    expect((await store.uploads.start({ ...metadata, id: idOf(0) })).generation).toBe(1);
  });
});

describe("an upload", () => {
  test("expires if it makes no progress, and its row is deleted after as long again", async () => {
    await using store = await openTestUploads({ settings: { expiryMs: 3 * sweepIntervalMs } });
    const { generation } = await store.uploads.start(metadata);
    await send(store, generation, 0, "hello");
    await advance(store, 2 * sweepIntervalMs);
    await send(store, generation, 5, ",");
    const { createMicros, updateMicros } = await store.uploads.get(id);
    expect(updateMicros - createMicros).toBe(2 * sweepIntervalMs * 1_000);
    await advance(store, 2 * sweepIntervalMs);
    expect((await store.uploads.get(id)).phase).toBe("open");
    await advance(store, 4 * sweepIntervalMs);
    expect((await store.uploads.get(id)).phase).toBe("expired");
    expect(await store.disk.list("open")).toEqual([]);
    expect(store.uploads.totalBytes).toBe(0);
    await advance(store, 5 * sweepIntervalMs);
    await expect(store.uploads.get(id)).rejects.toBeInstanceOf(NotFoundError);
  });

  test("does not expire if a chunk arrives during the sweep", async () => {
    await using store = await openTestUploads({ settings: { expiryMs: 3 * sweepIntervalMs } });
    const { generation } = await store.uploads.start(metadata);
    const unchangedSince = store.store.unchangedSince.bind(store.store);
    let sent: number | undefined;
    store.store.unchangedSince = async (...query) => {
      const found = await unchangedSince(...query);
      if (found.length > 0) sent ??= await send(store, generation, 0, "hello");
      return found;
    };
    await advance(store, 4 * sweepIntervalMs);
    expect(sent).toBe(5);
    expect(await store.uploads.get(id)).toMatchObject({ phase: "open", committed: 5 });
  });

  test("continues after the sweep has closed its idle session", async () => {
    await using store = await openTestUploads();
    const { generation } = await store.uploads.start(metadata);
    await send(store, generation, 0, "hello");
    await advance(store, idleSessionMs + sweepIntervalMs);
    expect(await send(store, generation, 5, ", world")).toBe(12);
    const view = await store.uploads.finish(id, { generation, size: 12, sha256: helloHash });
    expect(view.phase).toBe("complete");
  });
});
