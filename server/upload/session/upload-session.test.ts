import { Code } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { UploadProblemReason as Reason } from "../../../gen/bourse/upload/v1/upload_pb.ts";
import { NotFoundError } from "../../shared/api-resource-errors.ts";
import { seededRandom } from "../../shared/seeded-random.ts";
import { SimulatedDisk } from "../file/testing/simulated-disk.ts";
import {
  hello,
  helloHash,
  id,
  metadata,
  openTestUploads,
  productId,
  refusal,
  runPending,
  send,
  sha256,
  type TestUploads,
} from "../testing/test-uploads.ts";
import { UploadError } from "../upload-errors.ts";
import { receiveUploadStream } from "./receive-upload-stream.ts";

describe("a start", () => {
  test("takes over immediately: the previous writer is stale, even while it waits", async () => {
    await using store = await openTestUploads();
    const first = await store.uploads.start(metadata);
    const waiting = refusal(send(store, first.generation, 5, "x"));
    await runPending();
    const second = await store.uploads.start(metadata);
    expect(second.generation).toBe(first.generation + 1);
    expect((await waiting)[0]).toBe(Reason.STALE_WRITER);
    const [reason, code] = await refusal(send(store, first.generation, 0, "x"));
    expect([reason, code]).toEqual([Reason.STALE_WRITER, Code.Aborted]);
    expect(await send(store, second.generation, 0, "hello")).toBe(5);
  });

  test("ends the stream of the previous writer, even if its client sends nothing", async () => {
    await using store = await openTestUploads();
    const stop = Promise.withResolvers<Error>();
    async function* silent() {
      yield { kind: "chunk" as const, data: hello };
      throw await stop.promise;
    }
    const options = { uploads: store.uploads, onSuperseded: (reason: Error) => stop.resolve(reason) };
    const stream = refusal(receiveUploadStream(metadata, silent(), options));
    await runPending();
    const second = await store.uploads.start(metadata);
    expect((await stream)[0]).toBe(Reason.STALE_WRITER);
    expect(second.committed).toBe(12);
  });

  test("wins alone in 1,000 races of two, and the file has the right hash", async () => {
    const random = seededRandom(7);
    for (let race = 0; race < 1_000; race++) {
      await using store = await openTestUploads({ disk: new SimulatedDisk({ below: random.below }) });
      const bytes = Buffer.from(Array.from({ length: 40 }, () => random.below(256)));
      const ends = await Promise.all([0, 1].map(() => writer(store, bytes, () => random.below(4))));
      expect(ends.toSorted()).toEqual(["complete", "stale"]);
      expect(await store.uploads.get(id)).toMatchObject({ phase: "complete", sha256: sha256(bytes) });
    }
  }, 60_000);

  test("with other metadata than the first one is refused; absent metadata is not compared", async () => {
    await using store = await openTestUploads({ products: [productId] });
    await store.uploads.start({ ...metadata, size: 12, productId });
    for (const other of [{ fileName: "b.bin" }, { size: 13 }, { productId: id }]) {
      const [reason, code] = await refusal(store.uploads.start({ ...metadata, ...other }));
      expect([reason, code]).toEqual([Reason.CONFLICT, Code.AlreadyExists]);
    }
    expect((await store.uploads.start({ id, fileName: "", productId: "" })).generation).toBe(2);
  });

  test("for an unknown product is not found and stores nothing", async () => {
    await using store = await openTestUploads();
    await expect(store.uploads.start({ ...metadata, productId })).rejects.toThrow(`there is no product ${productId}`);
    await expect(store.uploads.get(id)).rejects.toBeInstanceOf(NotFoundError);
    expect(await store.disk.list("open")).toEqual([]);
    expect(store.uploads.openCount).toBe(0);
  });
});

describe("a finish", () => {
  test("is idempotent, as are a start and a chunk after it", async () => {
    await using store = await openTestUploads();
    const { generation } = await store.uploads.start(metadata);
    await send(store, generation, 0, "hello, world");
    const finish = { generation, size: 12, sha256: helloHash };
    const both = await Promise.all([store.uploads.finish(id, finish), store.uploads.finish(id, finish)]);
    expect(both.map(({ phase }) => phase)).toEqual(["complete", "complete"]);
    expect((await store.uploads.finish(id, finish)).phase).toBe("complete");
    expect((await store.uploads.start(metadata)).phase).toBe("complete");
    expect(await send(store, generation, 7, "world")).toBe(12);
    expect(store.disk.bytesOf(`complete/${id}`)).toEqual(new Uint8Array(hello));
    expect(store.disk.bytesOf(`open/${id}`)).toBeUndefined();
  });

  test("with a wrong size or hash is refused and loses nothing", async () => {
    await using store = await openTestUploads();
    const { generation } = await store.uploads.start(metadata);
    await send(store, generation, 0, "hello");
    const early = await refusal(store.uploads.finish(id, { generation, size: 12 }));
    expect(early).toEqual([
      Reason.SIZE,
      Code.FailedPrecondition,
      5n,
      `upload ${id}: 5 bytes of 12 are received; send the rest from offset 5 on`,
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

  test("without a chunk creates an empty file", async () => {
    await using store = await openTestUploads();
    const { generation } = await store.uploads.start({ ...metadata, size: 0 });
    const view = await store.uploads.finish(id, { generation, size: 0 });
    expect(view).toMatchObject({ phase: "complete", size: 0, sha256: sha256(Buffer.alloc(0)) });
  });

  test("must have the hash that was announced at the start", async () => {
    await using store = await openTestUploads();
    const { generation } = await store.uploads.start({ ...metadata, sha256: sha256(Buffer.from("other")) });
    await send(store, generation, 0, "hello");
    expect((await refusal(store.uploads.finish(id, { generation, size: 5 })))[0]).toBe(Reason.HASH);
    expect((await refusal(store.uploads.finish(id, { generation, size: 5, sha256: helloHash })))[0]).toBe(Reason.HASH);
  });

  test("succeeds only for the caller whose hash is right", async () => {
    await using store = await openTestUploads();
    const { generation } = await store.uploads.start(metadata);
    await send(store, generation, 0, "hello, world");
    const wrong = refusal(store.uploads.finish(id, { generation, size: 12, sha256: sha256(Buffer.from("other")) }));
    const right = store.uploads.finish(id, { generation, size: 12, sha256: helloHash });
    expect((await right).phase).toBe("complete");
    expect((await wrong)[0]).toBe(Reason.HASH);
  });

  test("is refused if the upload is aborted while its hash is computed", async () => {
    const counting = Promise.withResolvers<string>();
    const hasher = {
      advance() {},
      digest: () => counting.promise,
      forget: () => counting.reject(new Error("the upload is gone")),
      async [Symbol.asyncDispose]() {},
    };
    await using store = await openTestUploads({ hasher });
    const { generation } = await store.uploads.start(metadata);
    const finished = refusal(store.uploads.finish(id, { generation, size: 0 }));
    await runPending();
    await store.uploads.abort(id);
    expect((await finished).slice(0, 2)).toEqual([Reason.STATE, Code.FailedPrecondition]);
  });
});

describe("an abort", () => {
  test("deletes the bytes, also of a complete upload, and refuses later requests", async () => {
    await using store = await openTestUploads();
    const { generation } = await store.uploads.start(metadata);
    await send(store, generation, 0, "hello");
    await store.uploads.finish(id, { generation, size: 5 });
    expect(store.uploads.totalBytes).toBe(5);
    expect((await store.uploads.abort(id)).phase).toBe("aborted");
    expect((await store.uploads.abort(id)).phase).toBe("aborted");
    expect(store.disk.bytesOf(`complete/${id}`)).toBeUndefined();
    expect(store.uploads.totalBytes).toBe(0);
    for (const call of [store.uploads.start(metadata), send(store, generation, 0, "x")]) {
      expect((await refusal(call)).slice(0, 2)).toEqual([Reason.STATE, Code.FailedPrecondition]);
    }
  });
});

/** Uploads a file without regard to other writers. Resolves to the final phase, or to `stale` after a takeover. */
async function writer({ uploads }: TestUploads, bytes: Buffer, below4: () => number): Promise<string> {
  try {
    for (let turns = below4(); turns > 0; turns--) await null;
    const { generation, committed } = await uploads.start(metadata);
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
