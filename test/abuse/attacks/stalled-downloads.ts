import { randomUUID } from "node:crypto";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { type UploadRequestSchema, UploadService } from "../../../gen/bourse/upload/v1/upload_service_pb.ts";
import { openAttackSocket } from "../attack-socket.ts";
import { frame, frameFlags, frameTypes, headerBlock } from "../http2-frames.ts";
import { limitsUnderAttack } from "../limits-under-attack.ts";
import { openRawHttp2 } from "../raw-http2.ts";
import { type Attack, type Target, tally } from "../target.ts";

/** More than the buffers of both ends of a connection, so that the server must wait for the client. */
const fileBytes = 32 * 1024 * 1024;
const chunkBytes = 512 * 1024;

const downloads = 50;

/** The time limit for the server to abort the download, for a busy machine. */
const deadlineMs = 2 * limitsUnderAttack.stallTimeoutMs + 5_000;
const readingMs = 5_000;

/** Downloads over HTTP/1.1 that the client does not read. */
export const stalledHttp1: Attack = async (target) => {
  await using file = await storeFile(target);
  const request = `GET ${file.path} HTTP/1.1\r\nhost: ${target.host}:${target.port}\r\n\r\n`;
  const endings = Array.from({ length: downloads }, async () => {
    using raw = await openAttackSocket(target);
    await raw.send(request);
    await raw.endsWithin(deadlineMs);
    // A socket detects its end only if it reads.
    let received = 0;
    raw.socket.on("data", (chunk: Buffer) => {
      received += chunk.length;
    });
    raw.socket.resume();
    if (!(await raw.endsWithin(readingMs))) return "still open";
    return received < fileBytes ? "cut off" : "sent as a whole";
  });
  return tally(await Promise.all(endings));
};

/** Downloads over one HTTP/2 connection of a client that has a flow-control window of 0 and responds to PING. */
export const stalledHttp2: Attack = async (target) => {
  await using file = await storeFile(target);
  using raw = await openRawHttp2(target, { window: 0 });
  const streams = Array.from({ length: downloads }, (_, index) => 2 * index + 1);
  for (const stream of streams) await raw.send(getOf(target, stream, file.path));
  const until = performance.now() + deadlineMs;
  while (raw.isOpen() && raw.resets.size < downloads && performance.now() < until) await raw.endsWithin(50);
  return tally(streams.map((stream) => raw.resets.get(stream) ?? "still open"));
};

function getOf(target: Target, stream: number, path: string): Buffer {
  const fields = [
    [":method", "GET"],
    [":scheme", "http"],
    [":path", path],
    [":authority", `${target.host}:${target.port}`],
  ] as const;
  return frame(frameTypes.headers, frameFlags.endHeaders | frameFlags.endStream, stream, headerBlock(fields));
}

/** Stores a file as an upload. Disposing of it deletes it. */
async function storeFile(target: Target): Promise<AsyncDisposable & { readonly path: string }> {
  const client = createClient(UploadService, createGrpcTransport({ baseUrl: target.url }));
  const uploadId = randomUUID();
  async function* requests(): AsyncGenerator<MessageInitShape<typeof UploadRequestSchema>> {
    yield { request: { case: "info", value: { info: { uploadId, size: BigInt(fileBytes) } } } };
    for (let sent = 0; sent < fileBytes; sent += chunkBytes) {
      yield { request: { case: "chunk", value: { data: new Uint8Array(chunkBytes) } } };
    }
  }
  await client.upload(requests());
  return {
    path: `/uploads/${uploadId}`,
    async [Symbol.asyncDispose]() {
      await client.abortUpload({ uploadId });
    },
  };
}
