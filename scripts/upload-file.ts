// Uploads a file. Given the id of an upload that broke, it resumes it: node scripts/upload-file.ts FILE [UPLOAD_ID]
import { createHash, randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { basename } from "node:path";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { type UploadRequestSchema, UploadService } from "../gen/bourse/upload/v1/upload_service_pb.ts";

const baseUrl = process.env.BOURSE_ADDRESS ?? "http://127.0.0.1:8080";
const [path, uploadId = randomUUID()] = process.argv.slice(2);
if (path === undefined) throw new Error("give the path of a file: node scripts/upload-file.ts FILE [UPLOAD_ID]");

const client = createClient(UploadService, createGrpcTransport({ baseUrl }));
const committed = Promise.withResolvers<number>();
const onHeader = (headers: Headers) => committed.resolve(Number(headers.get("bourse-upload-offset")));
console.log("upload", uploadId);
const call = client.upload(requests(path), { onHeader });
call.catch(committed.reject); // a call that fails has no headers
const { upload } = await call;
console.log("stored", upload?.size, "bytes, SHA-256", Buffer.from(upload?.sha256 ?? []).toString("hex"));
console.log(`${baseUrl}/uploads/${uploadId}`);

/** Yields the metadata, waits for the headers, and yields the bytes after the committed offset. */
async function* requests(path: string): AsyncGenerator<MessageInitShape<typeof UploadRequestSchema>> {
  await using file = await open(path);
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  const info = { uploadId, fileName: basename(path), size: BigInt((await file.stat()).size), sha256: hash.digest() };
  yield { request: { case: "info", value: { info } } };
  const start = await committed.promise;
  console.log("the server has", start, "bytes");
  let offset = BigInt(start);
  for await (const data of file.createReadStream({ start, highWaterMark: 256 * 1024 })) {
    yield { request: { case: "chunk", value: { offset, data } } };
    offset += BigInt(data.length);
  }
  yield { request: { case: "finish", value: {} } };
}
