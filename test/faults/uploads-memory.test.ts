import { createHash, randomBytes, randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Client, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { expect, test, vi } from "vitest";
import { UploadState as State } from "../../gen/bourse/upload/v1/upload_pb.ts";
import { type UploadRequestSchema, UploadService } from "../../gen/bourse/upload/v1/upload_service_pb.ts";
import { type BourseProcess, startBourse } from "../start-bourse.ts";

/** The size of the file: `BOURSE_UPLOAD_MIB`. Default: 256. The acceptance run has 5120. */
const mebibytes = Number(process.env.BOURSE_UPLOAD_MIB ?? 256);
const maxResidentMegabytes = 300;
const chunkBytes = 64 * 1024;

/** The number of concurrent uploads, half of them as streams and half in chunks, and the sent bytes of each. */
const openUploads = 128;
const openBytes = 8 * 1024 * 1024;
const largeChunkBytes = 512 * 1024;
/** Two MiB and the chunk in flight. */
const maxBytesPerUpload = 2 * 1024 * 1024 + largeChunkBytes;

test("open uploads use less than 2 MiB each besides a chunk, regardless of their received bytes", async () => {
  await using server = await startBourse(["--no-demo", "--log-level", "warn"]);
  // The unsent bytes would exceed the default of Node's HTTP/2 client.
  const nodeOptions = { maxSessionMemory: 256 };
  const client = createClient(UploadService, createGrpcTransport({ baseUrl: server.url, nodeOptions }));
  const piece = randomBytes(largeChunkBytes);
  const hold = Promise.withResolvers<void>();

  async function byStream(uploadId: string, bytes: number, mayEnd: Promise<void>): Promise<void> {
    async function* requests(): AsyncGenerator<MessageInitShape<typeof UploadRequestSchema>> {
      yield { request: { case: "info", value: { info: { uploadId } } } };
      for (let sent = 0; sent < bytes; sent += piece.byteLength) {
        yield { request: { case: "chunk", value: { data: piece } } };
      }
      await mayEnd;
      yield { request: { case: "finish", value: {} } };
    }
    const { upload } = await client.upload(requests());
    expect(upload?.state).toBe(State.COMPLETE);
  }

  async function byChunks(uploadId: string): Promise<void> {
    const { writerGeneration } = await client.startUpload({ info: { uploadId } });
    for (let offset = 0; offset < openBytes; offset += piece.byteLength) {
      await client.uploadChunk({ uploadId, writerGeneration, offset: BigInt(offset), data: piece });
    }
    await hold.promise;
    const { upload } = await client.finishUpload({ uploadId, writerGeneration, size: BigInt(openBytes) });
    expect(upload?.state).not.toBe(State.OPEN);
  }

  // The first upload allocates memory that later uploads share.
  await byStream(randomUUID(), 32 * openBytes, Promise.resolve());
  const ids = Array.from({ length: openUploads }, () => randomUUID());
  const before = await residentBytes(server, "VmRSS");
  const ended = Promise.all(
    ids.map((id, index) => (index % 2 === 0 ? byStream(id, openBytes, hold.promise) : byChunks(id))),
  );
  for (const uploadId of ids) await Promise.race([ended, arrived(client, uploadId)]);
  const grown = ((await residentBytes(server, "VmRSS")) - before) / openUploads;
  console.log(`${(grown / 1024).toFixed(0)} KiB for each of ${openUploads} open uploads`);
  hold.resolve();
  await ended;
  expect(grown).toBeLessThan(maxBytesPerUpload);
});

/** Resolves when the server has committed half of the sent bytes: a stream commits every 4 MiB. */
async function arrived(client: Client<typeof UploadService>, uploadId: string): Promise<void> {
  await vi.waitFor(
    async () => {
      const { upload } = await client.getUpload({ uploadId });
      expect(upload?.committedOffset).toBeGreaterThanOrEqual(openBytes / 2);
    },
    { timeout: 30_000, interval: 100 },
  );
}

/** Reads a memory figure of the server from the kernel, in bytes. */
async function residentBytes(server: BourseProcess, which: "VmRSS" | "VmHWM"): Promise<number> {
  const status = await readFile(`/proc/${server.process.pid}/status`, "utf8");
  return Number(new RegExp(`${which}:\\s+(\\d+) kB`).exec(status)?.[1]) * 1024;
}

test("a file of any size leaves the server below its memory limit", async () => {
  await using server = await startBourse(["--no-demo", "--log-level", "warn"]);
  const client = createClient(UploadService, createGrpcTransport({ baseUrl: server.url }));
  const info = { uploadId: randomUUID(), size: BigInt(mebibytes) * 1024n * 1024n };
  const hash = createHash("sha256");
  const piece = randomBytes(chunkBytes);
  async function* requests() {
    yield { request: { case: "info" as const, value: { info } } };
    for (let index = 0; index < mebibytes * 16; index++) {
      piece.writeUInt32LE(index);
      hash.update(piece);
      yield { request: { case: "chunk" as const, value: { data: Uint8Array.from(piece) } } };
    }
  }
  const began = performance.now();
  const { upload } = await client.upload(requests());
  const seconds = (performance.now() - began) / 1_000;
  expect(upload?.state).toBe(State.COMPLETE);
  expect(Buffer.from(upload?.sha256 ?? []).equals(hash.digest())).toBe(true);
  const peakMegabytes = (await residentBytes(server, "VmHWM")) / 1e6;
  console.log(`${mebibytes} MiB in ${seconds.toFixed(1)} s, the server had ${peakMegabytes.toFixed(0)} MB at most`);
  expect(peakMegabytes).toBeLessThan(maxResidentMegabytes);
});
