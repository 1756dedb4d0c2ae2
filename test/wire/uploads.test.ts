import { createHash, randomBytes, randomUUID } from "node:crypto";
import { mkdtempDisposable, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { crc32c } from "@node-rs/crc32";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { ManualTimers } from "../../client/shared/testing/manual-timers.ts";
import {
  UploadProblemReason as Reason,
  UploadState as State,
  type UploadInfoSchema,
  UploadProblemSchema,
} from "../../gen/bourse/upload/v1/upload_pb.ts";
import { UploadService } from "../../gen/bourse/upload/v1/upload_service_pb.ts";
import { metadataNames } from "../../server/shared/metadata-names.ts";
import { serviceOptions } from "../../server/shared/testing/serve-service.ts";
import { StoreHealth } from "../../server/storage/store-health.ts";
import { composeUploads } from "../../server/upload/compose-uploads.ts";
import { NodeDisk } from "../../server/upload/file/node-disk.ts";
import { ThreadHasher } from "../../server/upload/hash/thread-hasher.ts";
import { detectFileType } from "../../server/upload/image/detect-file-type.ts";
import { maxDownloads } from "../../server/upload/shared-upload-limits.ts";
import { MemoryUploadStore } from "../../server/upload/store/testing/memory-upload-store.ts";
import { uploadIdleTimeoutMs, uploadService } from "../../server/upload/upload-service.ts";
import { startWireServer } from "./start-wire-server.ts";
import { wires } from "./wire-clients.ts";

const bytes = randomBytes(700_000);
const sha256 = new Uint8Array(hashOf(bytes));
const productId = "5b0c1f0e-7c58-4b0e-9a55-3a2f0f6f4b22";

describe.each(wires)("$name", ({ transport }) => {
  test("a streamed file is downloaded unchanged, as a whole and in ranges", async () => {
    const { client } = await start(transport);
    const uploadId = randomUUID();
    const header = Promise.withResolvers<Headers>();
    const trailer = Promise.withResolvers<Headers>();
    const info = { uploadId, fileName: "dir/a.bin", size: BigInt(bytes.length), sha256 };
    const { upload } = await client.upload(requests({ info }, chunksOf(bytes, 0)), {
      onHeader: header.resolve,
      onTrailer: trailer.resolve,
    });
    expect(upload).toMatchObject({ uploadId, state: State.COMPLETE, fileName: "a.bin", sha256 });
    expect((await header.promise).get(metadataNames.uploadId)).toBe(uploadId);
    expect((await header.promise).get(metadataNames.uploadOffset)).toBe("0");
    expect((await trailer.promise).get(metadataNames.uploadOffset)).toBe("700000");

    const whole = await download(client, { uploadId });
    expect(whole.bytes.equals(bytes)).toBe(true);
    expect(whole.header.get(metadataNames.uploadSize)).toBe("700000");
    expect(whole.header.get(metadataNames.sha256)).toBe(Buffer.from(sha256).toString("hex"));
    expect(whole.trailer.get(metadataNames.uploadOffset)).toBe("700000");
    const part = await download(client, { uploadId, offset: 600_001n, length: 50_000n });
    expect(part.bytes.equals(bytes.subarray(600_001, 650_001))).toBe(true);
    expect((await download(client, { uploadId, offset: 700_000n })).bytes).toHaveLength(0);
    const beyondEnd = await errorOf(download(client, { uploadId, offset: 700_001n }));
    expect([beyondEnd.code, beyondEnd.rawMessage]).toEqual([
      Code.OutOfRange,
      "offset 700001 is past the end of the file, which has 700000 bytes: use an offset of 700000 or less",
    ]);
  });

  test("a broken stream resumes at the offset in the headers of the next one, which sends only the rest", async () => {
    const { client, folder } = await start(transport);
    const info = { uploadId: randomUUID(), size: BigInt(bytes.length) };
    const cut = new AbortController();
    const sent = chunksOf(bytes, 0, 300_000);
    const broken = errorOf(client.upload(requests({ info }, sent, cut.signal), { signal: cut.signal }));
    await vi.waitFor(async () => {
      expect((await stat(join(folder, "open", info.uploadId))).size).toBe(300_000);
    });
    cut.abort();
    await broken;
    await vi.waitFor(async () => {
      const { upload } = await client.getUpload({ uploadId: info.uploadId });
      expect(upload?.committedOffset).toBe(300_000n);
    });
    const header = Promise.withResolvers<Headers>();
    async function* rest() {
      yield { request: { case: "info" as const, value: { info } } };
      const offset = Number((await header.promise).get(metadataNames.uploadOffset));
      expect(offset).toBe(300_000);
      yield* chunksOf(bytes, offset);
      yield { request: { case: "finish" as const, value: { sha256 } } };
    }
    const { upload } = await client.upload(rest(), { onHeader: header.resolve });
    expect(upload).toMatchObject({ state: State.COMPLETE, sha256 });
  });

  test("an upload without size, hash or finish stays open at the end of a stream, whether the stream was reset or closed", async () => {
    const { client, server } = await start(transport);
    const info = { uploadId: randomUUID() };
    const cut = new AbortController();
    const header = Promise.withResolvers<Headers>();
    // Node's HTTP/2 client closes its side before it resets the stream: the server sees a regular end.
    const sent = requests({ info }, chunksOf(bytes, 0, 100_000), cut.signal);
    const broken = errorOf(client.upload(sent, { signal: cut.signal, onHeader: header.resolve }));
    await header.promise;
    cut.abort();
    await broken;
    await vi.waitFor(() => expect(server.calls).toHaveLength(1));
    expect((await client.getUpload(info)).upload?.state).toBe(State.OPEN);

    const closed = await client.upload(requests({ info }, chunksOf(bytes, 0, 200_000)));
    expect(closed.upload).toMatchObject({ state: State.OPEN, committedOffset: 200_000n });
    const { writerGeneration } = await client.startUpload({ info });
    const finished = await client.finishUpload({ ...info, writerGeneration, size: 200_000n });
    expect(finished.upload).toMatchObject({ state: State.COMPLETE, size: 200_000n });
  });

  test("a stream with leave_open and finish is finished", async () => {
    const { client } = await start(transport);
    async function* sent() {
      yield* requests({ info: { uploadId: randomUUID() }, leaveOpen: true }, chunksOf(bytes, 0, 100_000));
      yield { request: { case: "finish" as const, value: {} } };
    }
    expect((await client.upload(sent())).upload).toMatchObject({ state: State.COMPLETE, size: 100_000n });
  });

  test("a size and a hash that only a later start announces are verified", async () => {
    const { client } = await start(transport);
    const uploadId = randomUUID();
    await client.startUpload({ info: { uploadId } });
    for (const info of [
      { uploadId, size: 200_000n },
      { uploadId, sha256 },
    ]) {
      const error = await errorOf(client.upload(requests({ info }, chunksOf(bytes, 0, 100_000))));
      expect([error.code, error.findDetails(UploadProblemSchema)[0]?.state]).toEqual([
        Code.FailedPrecondition,
        State.OPEN,
      ]);
    }
  });

  test("an upload that is started as a stream is finished in chunks, and every request is idempotent", async () => {
    const { client } = await start(transport);
    const info = { uploadId: randomUUID(), fileName: "b" };
    const { upload } = await client.upload(requests({ info, leaveOpen: true }, chunksOf(bytes, 0, 100_000)));
    expect(upload).toMatchObject({ state: State.OPEN, committedOffset: 100_000n });
    await client.startUpload({ info });
    const started = await client.startUpload({ info });
    expect([started.committedOffset, started.writerGeneration]).toEqual([100_000n, 3n]);
    const chunk = (offset: number, end: number) => {
      const data = bytes.subarray(offset, end);
      const { writerGeneration } = started;
      const request = { uploadId: info.uploadId, writerGeneration, offset: BigInt(offset), data, crc32c: crc32c(data) };
      return client.uploadChunk(request);
    };
    const ends = await Promise.all([chunk(600_000, 700_000), chunk(100_000, 600_000)]);
    expect(ends.map(({ committedOffset }) => committedOffset)).toContain(700_000n);
    expect((await chunk(50_000, 150_000)).committedOffset).toBe(700_000n);
    const finish = { uploadId: info.uploadId, writerGeneration: 3n, size: 700_000n, sha256 };
    for (let times = 0; times < 2; times++) {
      expect((await client.finishUpload(finish)).upload).toMatchObject({ state: State.COMPLETE, sha256 });
    }
  });

  test("an error has its code, its reason and the committed offset", async () => {
    const { client } = await start(transport);
    const info = { uploadId: randomUUID(), size: 10n };
    const { writerGeneration } = await client.startUpload({ info });
    const chunk = { uploadId: info.uploadId, writerGeneration, offset: 0n, data: bytes.subarray(0, 5) };
    const wrongs: [() => Promise<unknown>, Code, Reason][] = [
      [() => client.uploadChunk({ ...chunk, crc32c: 1 }), Code.DataLoss, Reason.CHECKSUM],
      [() => client.uploadChunk({ ...chunk, writerGeneration: 9n }), Code.Aborted, Reason.STALE_WRITER],
      [() => client.uploadChunk({ ...chunk, data: bytes.subarray(0, 11) }), Code.OutOfRange, Reason.TOO_LONG],
      [() => client.finishUpload({ ...chunk, size: 10n }), Code.FailedPrecondition, Reason.SIZE],
      [() => client.startUpload({ info: { ...info, size: 11n } }), Code.AlreadyExists, Reason.CONFLICT],
      [() => download(client, chunk), Code.FailedPrecondition, Reason.STATE],
      [
        () => client.startUpload({ info: { uploadId: randomUUID(), size: 2n ** 62n } }),
        Code.ResourceExhausted,
        Reason.FILE_LIMIT,
      ],
    ];
    for (const [call, code, reason] of wrongs) {
      const error = await errorOf(call());
      const [detail] = error.findDetails(UploadProblemSchema);
      expect([error.code, detail?.reason, detail?.committedOffset]).toEqual([code, reason, 0n]);
    }
    for (const uploadId of [randomUUID(), productId]) {
      expect((await errorOf(client.getUpload({ uploadId }))).code).toBe(Code.NotFound);
      expect((await errorOf(client.uploadChunk({ ...chunk, uploadId }))).code).toBe(Code.NotFound);
    }
    expect((await errorOf(client.getUpload({ uploadId: "../../etc/passwd" }))).code).toBe(Code.InvalidArgument);
  });

  test("a stream with requests in the wrong order is refused; the message has the right order", async () => {
    const { client } = await start(transport);
    const info = { uploadId: randomUUID() };
    const chunk = { request: { case: "chunk" as const, value: { data: bytes.subarray(0, 9) } } };
    const finish = { request: { case: "finish" as const, value: {} } };
    const first = { request: { case: "info" as const, value: { info } } };
    const wrongs: [unknown[], string][] = [
      [[chunk], "info: must be the first request, but chunk was sent: send the description of the file first"],
      [[], "info: must be the first request, but nothing was sent: send the description of the file first"],
      [[first, first], "info: was sent twice: only the first request has it"],
      [[first, finish, chunk], "finish: must be the last request: send nothing after it"],
    ];
    for (const [sent, message] of wrongs) {
      const error = await errorOf(client.upload(streamOf(sent as (typeof chunk)[])));
      expect([error.code, error.rawMessage]).toEqual([Code.InvalidArgument, message]);
    }
  });

  test("a download beyond the limit is refused, and accepted after another one has ended", async () => {
    const { client, uploads } = await start(transport);
    const info = { uploadId: randomUUID(), size: 9n };
    await client.upload(requests({ info }, chunksOf(bytes, 0, 9)));
    const others = Array.from({ length: maxDownloads }, () => uploads.startDownload());
    const error = await errorOf(download(client, info));
    expect([error.code, error.rawMessage]).toEqual([
      Code.ResourceExhausted,
      "limit of 1,000 concurrent downloads reached; retry later",
    ]);
    others.pop()?.[Symbol.dispose]();
    for (let times = 0; times < 2; times++) {
      expect((await download(client, info)).bytes).toEqual(bytes.subarray(0, 9));
    }
  });

  test("an upload for an unknown product is NOT_FOUND before a byte is stored", async () => {
    const { client } = await start(transport);
    const info = { uploadId: randomUUID(), productId: randomUUID() };
    const error = await errorOf(client.upload(requests({ info }, chunksOf(bytes, 0))));
    expect([error.code, error.rawMessage]).toEqual([
      Code.NotFound,
      `there is no product ${info.productId}: check product_id`,
    ]);
    expect((await errorOf(client.getUpload(info))).code).toBe(Code.NotFound);
    const { upload } = await client.upload(requests({ info: { ...info, productId } }, chunksOf(bytes, 0)));
    expect(upload?.productId).toBe(productId);
  });

  test("uploads are listed, counted against the limits, and deleted", async () => {
    const { client } = await start(transport);
    const ids = [randomUUID(), randomUUID(), randomUUID()];
    for (const uploadId of ids) await client.startUpload({ info: { uploadId, size: 100n } });
    const first = await client.listUploads({ pageSize: 2 });
    expect(first.uploads.map(({ uploadId }) => uploadId)).toEqual([ids[2], ids[1]]);
    const second = await client.listUploads({ pageSize: 2, pageToken: first.nextPageToken });
    expect([second.uploads.map(({ uploadId }) => uploadId), second.nextPageToken]).toEqual([[ids[0]], ""]);
    expect((await client.getUploadLimits({})).limits).toMatchObject({ totalBytes: 300n, openUploads: 3 });
    expect((await client.abortUpload({ uploadId: ids[0] ?? "" })).upload?.state).toBe(State.ABORTED);
    expect((await client.listUploads({ states: [State.OPEN] })).uploads).toHaveLength(2);
    expect((await client.getUploadLimits({})).limits).toMatchObject({ totalBytes: 200n, openUploads: 2 });
  });

  test("an idle stream times out, and its upload stays open", async () => {
    const { client } = await start(transport, 300);
    const info = { uploadId: randomUUID() };
    const header = Promise.withResolvers<Headers>();
    const end = new AbortController();
    const stalled = client.upload(requests({ info }, chunksOf(bytes, 0, 100_000), end.signal), {
      onHeader: header.resolve,
    });
    await header.promise;
    const error = await errorOf(stalled);
    end.abort();
    expect(error.code).toBe(Code.DeadlineExceeded);
    expect(error.findDetails(UploadProblemSchema)[0]?.reason).toBe(Reason.STALLED);
    const { upload } = await client.getUpload(info);
    expect(upload?.state).toBe(State.OPEN);
  });
});

async function start(makeTransport: (url: string) => Transport, idleTimeoutMs = uploadIdleTimeoutMs) {
  const resources = new AsyncDisposableStack();
  onTestFinished(() => resources.disposeAsync());
  const folder = resources.use(await mkdtempDisposable(join(tmpdir(), "bourse-uploads-")));
  const timers = new ManualTimers();
  const { uploads } = resources.use(
    await composeUploads({
      disk: new NodeDisk(folder.path),
      store: new MemoryUploadStore(),
      hasher: resources.use(new ThreadHasher(folder.path)),
      detectType: detectFileType,
      settings: { maxFileBytes: 2 ** 30, maxTotalBytes: 2 ** 32, maxOpenUploads: 10, expiryMs: 60_000 },
      timers,
      nowMicros: () => 1_790_000_000_000_000,
      productExists: async (id) => id === productId,
      health: new StoreHealth(),
    }),
  );
  const server = await startWireServer(
    {},
    serviceOptions([UploadService], (router) =>
      router.service(UploadService, uploadService({ uploads, idleTimeoutMs })),
    ),
  );
  return { server, uploads, folder: folder.path, client: createClient(UploadService, makeTransport(server.url)) };
}

type Client = Awaited<ReturnType<typeof start>>["client"];
type UploadRequests = Parameters<Client["upload"]>[0];
type Info = MessageInitShape<typeof UploadInfoSchema>;
type Request = UploadRequests extends AsyncIterable<infer T> ? T : never;

/** Yields the requests of a stream. With a signal the stream stays open and idle after them until the signal aborts. */
async function* requests(
  value: { info: Info; leaveOpen?: boolean },
  chunks: AsyncIterable<Request>,
  until?: AbortSignal,
): AsyncIterable<Request> {
  yield { request: { case: "info", value } };
  yield* chunks;
  if (until !== undefined) await new Promise((resolve) => until.addEventListener("abort", resolve));
}

async function* chunksOf(all: Buffer, from: number, end = all.length): AsyncIterable<Request> {
  for (let offset = from; offset < end; offset += 65_536) {
    const data = all.subarray(offset, Math.min(end, offset + 65_536));
    yield { request: { case: "chunk", value: { offset: BigInt(offset), data, crc32c: crc32c(data) } } };
  }
}

async function* streamOf<T>(values: readonly T[]): AsyncIterable<T> {
  yield* values;
}

async function download(client: Client, request: { uploadId: string; offset?: bigint; length?: bigint }) {
  let [header, trailer] = [new Headers(), new Headers()];
  const parts: Uint8Array[] = [];
  const options = {
    onHeader: (headers: Headers) => {
      header = headers;
    },
    onTrailer: (trailers: Headers) => {
      trailer = trailers;
    },
  };
  let at = request.offset ?? 0n;
  for await (const { offset, data } of client.download(request, options)) {
    expect(offset).toBe(at);
    at += BigInt(data.byteLength);
    parts.push(data);
  }
  return { header, trailer, bytes: Buffer.concat(parts) };
}

async function errorOf(call: Promise<unknown>): Promise<ConnectError> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ConnectError);
  return error as ConnectError;
}

function hashOf(data: Uint8Array): Buffer {
  return createHash("sha256").update(data).digest();
}
