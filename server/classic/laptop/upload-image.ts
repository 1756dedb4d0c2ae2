import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  type UploadImageRequest,
  type UploadImageResponse,
  UploadImageResponseSchema,
} from "../../../gen/classic/pcbook/laptop_service_pb.ts";
import type { Catalogue } from "../../product/catalogue.ts";
import { InvalidFieldError } from "../../shared/request-errors.ts";
import { failRequests, peerOf } from "../../transport/rpc/call.ts";
import type { UploadView } from "../../upload/store/upload-record.ts";
import type { Uploads } from "../../upload/uploads.ts";
import { storeTutorialFileAsUpload } from "../store-tutorial-file-as-upload.ts";
import { findLaptop } from "./convert-laptop.ts";

/** The dependencies of {@link uploadImage}. */
export interface UploadImageOptions {
  readonly catalogue: Pick<Catalogue, "get">;
  readonly uploads: Uploads;
  /** Returns a new UUID. */
  readonly newId: () => string;
  /** The largest image, in bytes. */
  readonly maxImageBytes: number;
}

/**
 * Stores an image of a laptop: the first request has the metadata, the others the bytes. Resolves when the image can be
 * downloaded. If a request is invalid or the call is cancelled, nothing of the image stays.
 */
export async function uploadImage(
  requests: AsyncIterable<UploadImageRequest>,
  context: HandlerContext,
  { catalogue, uploads, newId, maxImageBytes }: UploadImageOptions,
): Promise<UploadImageResponse> {
  const iterator = requests[Symbol.asyncIterator]();
  const { laptopId, imageType } = await readInfo(iterator);
  const type = parseImageType(imageType);
  const { id: productId } = await findLaptop(catalogue, laptopId);
  const metadata = { id: newId(), fileName: `${productId}.${type.name}`, productId };
  const chunks = readChunks({ [Symbol.asyncIterator]: () => iterator }, maxImageBytes);
  const { id, size } = await storeTutorialFileAsUpload(metadata, chunks, {
    uploads,
    peer: peerOf(context),
    failRead: (reason) => failRequests(context, reason),
    validate: (upload) => {
      // A Node client that cancels half-closes the stream before it resets it, so a cancelled upload looks complete.
      context.signal.throwIfAborted();
      checkContentType(upload, type);
    },
  });
  return create(UploadImageResponseSchema, { id, size: size ?? 0 });
}

async function readInfo(iterator: AsyncIterator<UploadImageRequest>) {
  const first = await iterator.next();
  const data = first.done === true ? undefined : first.value.data;
  if (data?.case === "info") return data.value;
  const sent = data?.case === "chunkData" ? "a chunk" : "nothing";
  throw new InvalidFieldError("info", `must be the first request, but ${sent} was sent`);
}

async function* readChunks(requests: AsyncIterable<UploadImageRequest>, maxBytes: number): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const { data } of requests) {
    if (data.case === "info") throw new InvalidFieldError("info", "was sent already; send only chunks after it");
    if (data.case === undefined) throw new InvalidFieldError("data", "is missing; send a chunk");
    size += data.value.byteLength;
    if (size > maxBytes) {
      const problem = `the image has at least ${size} bytes; the limit is ${maxBytes}`;
      throw new InvalidFieldError("chunk_data", problem);
    }
    yield data.value;
  }
  if (size === 0) throw new InvalidFieldError("chunk_data", "the image is empty; send its bytes after the info");
}

function checkContentType({ contentType }: UploadView, { name, mediaTypes }: ImageType): void {
  if (contentType !== undefined && mediaTypes.includes(contentType)) return;
  throw new InvalidFieldError("info.image_type", `is ${name}, but the bytes are ${contentType}; set the right type`);
}

/** The known image types, and the media types that the content of each can have. */
export const imageTypes: Readonly<Record<string, readonly string[]>> = {
  apng: ["image/apng"],
  avif: ["image/avif"],
  gif: ["image/gif"],
  jpeg: ["image/jpeg"],
  jpg: ["image/jpeg"],
  png: ["image/png", "image/apng"], // an animated PNG is a PNG
  webp: ["image/webp"],
};

interface ImageType {
  /** A key of {@link imageTypes}: lower case, without a dot. */
  readonly name: string;
  readonly mediaTypes: readonly string[];
}

/**
 * Parses an image type, with or without a dot and in any case. Throws an InvalidFieldError for an unknown type, so the
 * result is safe in a file name.
 */
function parseImageType(text: string): ImageType {
  const name = text.replace(/^\./, "").toLowerCase();
  const mediaTypes = Object.hasOwn(imageTypes, name) ? imageTypes[name] : undefined;
  if (mediaTypes !== undefined) return { name, mediaTypes };
  const known = Object.keys(imageTypes).join(", ");
  throw new InvalidFieldError("info.image_type", `${JSON.stringify(text)} is an unknown type; use one of ${known}`);
}
