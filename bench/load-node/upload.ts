import { once } from "node:events";
import type { ClientHttp2Stream } from "node:http2";
import { create, toBinary } from "@bufbuild/protobuf";
import { UploadRequestSchema } from "../../gen/bench/v1/bench_service_pb.ts";
import { envelope } from "../peers/shared/envelope.ts";
import { readNumber } from "../peers/shared/read-number.ts";
import { GrpcConnection } from "./grpc-connection.ts";
import type { LoadResult } from "./load-result.ts";
import type { LoadSettings } from "./load-settings.ts";
import { Meter } from "./meter.ts";

const chunkBytes = 64 * 1024;
const bytesInMegabyte = 1e6;

/** Sends chunks on one stream, and counts the megabytes. */
export async function upload({ address, pid, warmMs, measureMs }: LoadSettings): Promise<LoadResult> {
  const chunk = Uint8Array.from({ length: chunkBytes }, (_, index) => index * 7);
  const frame = envelope(toBinary(UploadRequestSchema, create(UploadRequestSchema, { chunk })));
  let counted = 0;
  const { stream, ended } = new GrpcConnection(address).call("Upload", (message) => {
    counted = readNumber(message);
  });
  const warm = await sendFor(stream, frame, warmMs);
  const meter = new Meter(pid);
  const sent = await sendFor(stream, frame, measureMs);
  stream.end();
  await ended;
  if (counted !== warm + sent) throw new Error(`the server counted ${counted} chunks, expected ${warm + sent}`);
  return meter.stop((sent * chunkBytes) / bytesInMegabyte);
}

async function sendFor(stream: ClientHttp2Stream, frame: Buffer, forMs: number): Promise<number> {
  let count = 0;
  for (const end = performance.now() + forMs; performance.now() < end; count++) {
    if (!stream.write(frame)) await once(stream, "drain");
  }
  return count;
}
