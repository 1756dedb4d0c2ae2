import { createHash, randomBytes, randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { expect, test } from "vitest";
import { UploadState as State } from "../../gen/bourse/upload/v1/upload_pb.ts";
import { UploadService } from "../../gen/bourse/upload/v1/upload_service_pb.ts";
import { startBourse } from "../start-bourse.ts";

/** How large the file is: `BOURSE_UPLOAD_MIB`, or 256. The acceptance run has 5120. */
const mebibytes = Number(process.env.BOURSE_UPLOAD_MIB ?? 256);
const maxResidentMegabytes = 300;
const chunkBytes = 64 * 1024;

test(`a file of ${mebibytes} MiB in chunks of 64 KiB leaves the server below ${maxResidentMegabytes} MB`, async () => {
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
  const status = await readFile(`/proc/${server.process.pid}/status`, "utf8");
  const peakMegabytes = (Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024) / 1e6;
  console.log(`${mebibytes} MiB in ${seconds.toFixed(1)} s, the server had ${peakMegabytes.toFixed(0)} MB at most`);
  expect(peakMegabytes).toBeLessThan(maxResidentMegabytes);
});
