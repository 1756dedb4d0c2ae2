import { createHash, randomBytes, randomInt, randomUUID } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { expect, test } from "vitest";
import { UploadState as State } from "../../gen/bourse/upload/v1/upload_pb.ts";
import { UploadService } from "../../gen/bourse/upload/v1/upload_service_pb.ts";
import { faultRounds, killAtRandom } from "./killed-server.ts";

/** The number of uploads in progress when the server is killed, half of them as streams and half in chunks. */
const lanes = 8;
const kills = Math.ceil(faultRounds / 2);

/** A file that a client uploads, and the acknowledgements that the client has received. */
interface ClientFile {
  readonly uploadId: string;
  readonly bytes: Buffer;
  readonly sha256: Uint8Array<ArrayBuffer>;
  acknowledged: bigint;
  isComplete: boolean;
}

test(`after ${kills} kills during ${lanes} uploads, no acknowledged byte is lost and no incomplete file is readable`, async () => {
  const files: ClientFile[] = [];
  const current: (ClientFile | undefined)[] = Array.from({ length: lanes });
  let [finished, resumed] = [0, 0];

  async function fill(lane: number, client: Client, begun: () => void): Promise<void> {
    for (;;) {
      const file = current[lane] ?? newFile();
      if (current[lane] === undefined) files.push(file);
      current[lane] = file;
      if (lane % 2 === 0) await uploadAsStream(file, client, begun);
      else await uploadInChunks(file, client, begun);
      current[lane] = undefined;
      finished++;
    }
  }

  await killAtRandom({
    rounds: kills,
    withinMs: 500,
    seed: randomInt(2 ** 31),
    async work({ url }, begun) {
      const client = clientOf(url);
      for (const file of current) if (file !== undefined) resumed += await verify(file, client);
      const ends = await Promise.allSettled(current.map((_, lane) => fill(lane, client, begun)));
      for (const end of ends) if (end.status === "rejected" && !isBroken(end.reason)) throw end.reason;
    },
    async check({ url, dataDirectory }) {
      const client = clientOf(url);
      // Each upload in progress is finished by the other upload method.
      for (const [lane, file] of current.entries()) {
        if (file === undefined) continue;
        await verify(file, client);
        await (lane % 2 === 0 ? uploadInChunks : uploadAsStream)(file, client, () => {});
      }
      for (const file of files) {
        const hash = createHash("sha256");
        for await (const { data } of client.download({ uploadId: file.uploadId })) hash.update(data);
        expect(hash.digest().equals(file.sha256)).toBe(true);
      }
      const { uploads } = await client.listUploads({ pageSize: 1000 });
      expect(uploads.every(({ state }) => state === State.COMPLETE)).toBe(true);
      expect(await readdir(join(dataDirectory, "uploads/open"))).toEqual([]);
      expect((await readdir(join(dataDirectory, "uploads/complete"))).toSorted()).toEqual(
        files.map(({ uploadId }) => uploadId).toSorted(),
      );
    },
  });
  expect(finished).toBeGreaterThan(0);
  expect(resumed).toBeGreaterThan(0);
});

type Client = ReturnType<typeof clientOf>;

function clientOf(baseUrl: string) {
  return createClient(UploadService, createGrpcTransport({ baseUrl }));
}

/** Checks the acknowledgements of a file after a restart of the server. Resolves to 1 if the upload can be resumed. */
async function verify(file: ClientFile, client: Client): Promise<number> {
  const { upload } = await client.getUpload({ uploadId: file.uploadId }).catch((error: unknown) => {
    if (ConnectError.from(error).code === Code.NotFound) return { upload: undefined };
    throw error;
  });
  const committed = upload?.committedOffset ?? 0n;
  expect(committed).toBeGreaterThanOrEqual(file.acknowledged);
  if (file.isComplete) expect(upload?.state).toBe(State.COMPLETE);
  return committed > 0n ? 1 : 0;
}

async function uploadAsStream(file: ClientFile, client: Client, begun: () => void): Promise<void> {
  const header = Promise.withResolvers<bigint>();
  async function* requests() {
    const info = { uploadId: file.uploadId, size: BigInt(file.bytes.length), sha256: file.sha256 };
    yield { request: { case: "info" as const, value: { info } } };
    const from = await header.promise;
    begun();
    acknowledge(file, from);
    for (let offset = Number(from); offset < file.bytes.length; offset += 65_536) {
      const data = file.bytes.subarray(offset, offset + 65_536);
      yield { request: { case: "chunk" as const, value: { offset: BigInt(offset), data } } };
    }
  }
  const onHeader = (headers: Headers) => header.resolve(BigInt(headers.get("bourse-upload-offset") ?? 0));
  const { upload } = await client.upload(requests(), { onHeader }).catch((error) => {
    header.resolve(0n);
    throw error;
  });
  expect(upload?.state).toBe(State.COMPLETE);
  file.isComplete = true;
}

async function uploadInChunks(file: ClientFile, client: Client, begun: () => void): Promise<void> {
  const { uploadId, bytes, sha256 } = file;
  const { writerGeneration, committedOffset } = await client.startUpload({ info: { uploadId } });
  begun();
  acknowledge(file, committedOffset);
  let next = Number(committedOffset);
  async function send(): Promise<void> {
    while (next < bytes.length) {
      const [offset, data] = [BigInt(next), bytes.subarray(next, next + 200_000)];
      next += data.length;
      acknowledge(file, (await client.uploadChunk({ uploadId, writerGeneration, offset, data })).committedOffset);
    }
  }
  await Promise.all([send(), send()]);
  for (;;) {
    const { upload } = await client.finishUpload({ uploadId, writerGeneration, size: BigInt(bytes.length), sha256 });
    if (upload?.state === State.COMPLETE) break;
    expect(upload?.state).toBe(State.VERIFYING);
  }
  file.isComplete = true;
}

function acknowledge(file: ClientFile, offset: bigint): void {
  if (offset > file.acknowledged) file.acknowledged = offset;
}

function newFile(): ClientFile {
  const bytes = randomBytes(randomInt(1, 1_500_000));
  const sha256 = Uint8Array.from(createHash("sha256").update(bytes).digest());
  return { uploadId: randomUUID(), bytes, sha256, acknowledged: 0n, isComplete: false };
}

/** Whether the connection was lost. */
function isBroken(error: unknown): boolean {
  return [Code.Unavailable, Code.Aborted, Code.Canceled, Code.Internal].includes(ConnectError.from(error).code);
}
