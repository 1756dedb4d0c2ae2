import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  type UploadImageRequest,
  type UploadImageResponse,
  UploadImageResponseSchema,
} from "../../../gen/classic/pcbook/laptop_service_pb.ts";
import type { Catalogue } from "../../product/catalogue.ts";
import { InvalidFieldError } from "../../shared/request-errors.ts";
import { failRequests } from "../../transport/port/client-idle-timeout.ts";
import { peerOf } from "../../transport/protection/peer-of.ts";
import type { UploadView } from "../../upload/session/upload-dependencies.ts";
import type { Uploads } from "../../upload/uploads.ts";
import { storeFile } from "../store-file.ts";
import { type ImageType, imageTypeOf } from "./image-type.ts";
import { knownLaptop } from "./known-laptop.ts";

/** What UploadImage needs. */
export interface UploadImageOptions {
  readonly catalogue: Pick<Catalogue, "get">;
  readonly uploads: Uploads;
  /** A new UUID. */
  readonly newId: () => string;
  /** The largest image that is taken, in bytes. */
  readonly maxImageBytes: number;
}

/**
 * Stores an image of a laptop: the info comes first, then the bytes. Resolves when it can be downloaded; where anything
 * is wrong, or the call is cancelled, nothing of it stays.
 */
export async function uploadImage(
  requests: AsyncIterable<UploadImageRequest>,
  context: HandlerContext,
  { catalogue, uploads, newId, maxImageBytes }: UploadImageOptions,
): Promise<UploadImageResponse> {
  const incoming = requests[Symbol.asyncIterator]();
  const { laptopId, imageType } = await infoOf(incoming);
  const type = imageTypeOf(imageType);
  const { id: productId } = await knownLaptop(catalogue, laptopId);
  const words = { id: newId(), fileName: `${productId}.${type.name}`, productId };
  const rest = { [Symbol.asyncIterator]: () => incoming };
  const stop = (reason: Error) => failRequests(context, reason);
  const check = (upload: UploadView) => {
    // Clients of Node's close their side when they cancel, as if there were no more to come, and reset the stream next.
    context.signal.throwIfAborted();
    checkType(upload, type);
  };
  const store = { uploads, peer: peerOf(context), stop };
  const { id, size } = await storeFile(words, chunksOf(rest, maxImageBytes), store, check);
  return create(UploadImageResponseSchema, { id, size: size ?? 0 });
}

async function infoOf(incoming: AsyncIterator<UploadImageRequest>) {
  const first = await incoming.next();
  const data = first.done === true ? undefined : first.value.data;
  if (data?.case === "info") return data.value;
  const sent = data?.case === "chunkData" ? "a chunk" : "nothing";
  throw new InvalidFieldError("info", `must be the first request, but ${sent} was sent: say first what the image is`);
}

async function* chunksOf(requests: AsyncIterable<UploadImageRequest>, maxBytes: number): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const { data } of requests) {
    if (data.case === "info")
      throw new InvalidFieldError("info", "was sent before: it is the first request, and only that");
    if (data.case === undefined) throw new InvalidFieldError("data", "is missing: send a chunk");
    size += data.value.byteLength;
    if (size > maxBytes) {
      throw new InvalidFieldError(
        "chunk_data",
        `the image has ${size} bytes or more, and ${maxBytes} may be: make it smaller`,
      );
    }
    yield data.value;
  }
  if (size === 0) throw new InvalidFieldError("chunk_data", "the image has no bytes: send them after the info");
}

function checkType({ contentType }: UploadView, { name, mediaTypes }: ImageType): void {
  if (contentType !== undefined && mediaTypes.includes(contentType)) return;
  throw new InvalidFieldError("info.image_type", `is ${name}, but the bytes are ${contentType}: say what they are`);
}
