import { randomUUID } from "node:crypto";
import { get } from "node:http";
import { Code, ConnectError } from "@connectrpc/connect";
import { afterAll, expect, test } from "vitest";
import { UploadProblemReason, UploadProblemSchema, UploadState } from "../../gen/bourse/upload/v1/upload_pb.ts";
import { type Peer, startPeerApp } from "./start-peer-app.ts";

// Two clients with different addresses of this machine call a server with the default limits.
const server = await startPeerApp({ demo: "false" });
afterAll(() => server[Symbol.asyncDispose]());

const GiB = 2 ** 30;

test("uploads that announce the whole quota and send nothing leave space for other uploads, of any client", async () => {
  await using greedy = await server.peer("127.0.0.1");
  await using other = await server.peer("127.0.0.2");
  const size = BigInt(32 * GiB);
  const ids = Array.from({ length: 8 }, () => randomUUID());
  for (const uploadId of ids) await greedy.uploads.startUpload({ info: { uploadId, size } });
  for (const peer of [other, greedy]) {
    expect(await uploadFile(peer)).toBe(UploadState.COMPLETE);
    const large = randomUUID();
    await peer.uploads.startUpload({ info: { uploadId: large, size } });
    await peer.uploads.abortUpload({ uploadId: large });
  }
  const { limits } = await greedy.uploads.getUploadLimits({});
  expect(limits).toMatchObject({
    maxTotalBytes: BigInt(256 * GiB),
    maxClientBytes: BigInt(128 * GiB),
    clientOpenUploads: 8,
    openUploads: 8,
    emptyExpiry: { seconds: 300n },
  });
  expect(limits?.clientBytes).toBeLessThan(BigInt(GiB));
  for (const uploadId of ids) await greedy.uploads.abortUpload({ uploadId });
});

test("a thousand starts of one client use half of the open uploads, and another client can still start one", async () => {
  await using greedy = await server.peer("127.0.0.1");
  await using other = await server.peer("127.0.0.2");
  const refused: ConnectError[] = [];
  for (let count = 0; count < 1_000; count++) {
    await greedy.uploads.startUpload({ info: { uploadId: randomUUID() } }).catch((error: unknown) => {
      refused.push(ConnectError.from(error));
    });
  }
  expect(refused).toHaveLength(500);
  expect(refused[0]?.code).toBe(Code.ResourceExhausted);
  expect(refused[0]?.rawMessage).toContain(
    "limit of 500 open uploads per client reached; finish or abort some of yours first",
  );
  expect(refused[0]?.findDetails(UploadProblemSchema)[0]?.reason).toBe(UploadProblemReason.TOO_MANY);
  expect(await uploadFile(other)).toBe(UploadState.COMPLETE);
}, 60_000);

test("a client that uses up its share of downloads by RPC is refused by HTTP, and another client is not", async () => {
  await using greedy = await server.peer("127.0.0.1");
  await using other = await server.peer("127.0.0.2");
  const uploadId = await store(other);
  const downloads = server.app.sharedLimits.find(({ name }) => name === "maxDownloads");
  using _ = downloads?.acquire("127.0.0.1", downloads.maxPerPeer);
  const statusFrom = (localAddress: string) =>
    statusOf({ localAddress, port: greedy.port, path: `/uploads/${uploadId}` });
  expect([await statusFrom("127.0.0.1"), await statusFrom("127.0.0.2")]).toEqual([503, 200]);
});

async function uploadFile(peer: Peer): Promise<UploadState | undefined> {
  const uploadId = await store(peer);
  const { upload } = await peer.uploads.getUpload({ uploadId });
  await peer.uploads.abortUpload({ uploadId });
  return upload?.state;
}

async function store({ uploads }: Peer): Promise<string> {
  const uploadId = randomUUID();
  const data = Buffer.from("hello");
  const { writerGeneration } = await uploads.startUpload({ info: { uploadId } });
  await uploads.uploadChunk({ uploadId, writerGeneration, offset: 0n, data });
  await uploads.finishUpload({ uploadId, writerGeneration, size: BigInt(data.length) });
  return uploadId;
}

function statusOf(options: { localAddress: string; port: number; path: string }): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get({ host: "127.0.0.1", agent: false, ...options }, (response) => {
      response.resume().once("end", () => resolve(response.statusCode));
    }).once("error", reject);
  });
}
