import type { UploadFileRequest } from "../../../gen/classic/proto/stream_service_pb.ts";
import { InvalidFieldError } from "../../shared/request-errors.ts";
import { displayName } from "../../upload/file-name.ts";
import type { Uploads } from "../../upload/uploads.ts";
import { storeFile } from "../store-file.ts";
import { callLimitError } from "./call-limit-error.ts";

/** The most files that a call of UploadFile may send. */
export const maxFiles = 1_000;

/** The most bytes that the files of a call may have together. */
export const maxFilesBytes = 4 * 1024 * 1024;

/** What UploadFile needs. */
export interface UploadFilesOptions {
  readonly uploads: Uploads;
  /** A new UUID. */
  readonly newId: () => string;
}

/** What a call of UploadFile has stored. */
export interface StoredFiles {
  readonly files: number;
  readonly bytes: number;
}

/**
 * Stores small text files, each as an upload that belongs to no product, in their order.
 *
 * @param peer the client, by whose share they count
 * @param onEnd told of what is stored, however the call ends
 *
 * Throws a LimitError beyond {@link maxFiles} and {@link maxFilesBytes}, and an InvalidFieldError for a request
 * without a file, or with a name that cannot be shown. What came before stays.
 */
export async function uploadFiles(
  requests: AsyncIterable<UploadFileRequest>,
  peer: string,
  { uploads, newId }: UploadFilesOptions,
  onEnd: (stored: StoredFiles) => void,
): Promise<void> {
  let files = 0;
  let bytes = 0;
  try {
    for await (const { image } of requests) {
      if (image === undefined) throw new InvalidFieldError("image", "is missing: send a file");
      if (files >= maxFiles) throw callLimitError({ name: "maxFiles", value: maxFiles }, "files", files + 1);
      const content = Buffer.from(image.file);
      if (bytes + content.length > maxFilesBytes) {
        throw callLimitError({ name: "maxFilesBytes", value: maxFilesBytes }, "bytes of files", bytes + content.length);
      }
      const words = { id: newId(), fileName: displayName(image.fileName, "image.fileName"), productId: "" };
      await storeFile({ ...words, size: content.length }, only(content), { uploads, peer });
      files++;
      bytes += content.length;
    }
  } finally {
    onEnd({ files, bytes });
  }
}

async function* only(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield content;
}
