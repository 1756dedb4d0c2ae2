import type { UploadFileRequest } from "../../../gen/classic/proto/stream_service_pb.ts";
import { InvalidFieldError } from "../../shared/request-errors.ts";
import { sanitizeFileName } from "../../upload/sanitize-file-name.ts";
import type { Uploads } from "../../upload/uploads.ts";
import { storeTutorialFileAsUpload } from "../store-tutorial-file-as-upload.ts";
import { callLimitError } from "./call-limit-error.ts";

/** The maximum number of files in a call of UploadFile. */
export const maxFiles = 1_000;

/** The maximum size of all files in a call of UploadFile, in bytes. */
export const maxFilesBytes = 4 * 1024 * 1024;

/** The dependencies of {@link uploadFiles}. */
export interface UploadFilesOptions {
  readonly uploads: Uploads;
  /** Returns a new UUID. */
  readonly newId: () => string;
}

/** The number and the size of the files that a call has stored. */
export interface StoredFiles {
  readonly files: number;
  readonly bytes: number;
}

/**
 * Stores each text file as an upload without a product, in the order of the requests. Stored files stay if the call
 * fails later.
 *
 * Throws a LimitError after {@link maxFiles} files or {@link maxFilesBytes} bytes, and an InvalidFieldError for a
 * request without a file or with an invalid file name.
 *
 * @param peer the client whose share of the limits the files use
 * @param onEnd called once with the stored files when the call ends or fails
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
      if (image === undefined) throw new InvalidFieldError("image", "is missing; send a file");
      if (files >= maxFiles) throw callLimitError({ name: "maxFiles", value: maxFiles }, "files", files + 1);
      const content = Buffer.from(image.file);
      if (bytes + content.length > maxFilesBytes) {
        throw callLimitError({ name: "maxFilesBytes", value: maxFilesBytes }, "bytes of files", bytes + content.length);
      }
      const fileName = sanitizeFileName(image.fileName, "image.fileName");
      const metadata = { id: newId(), fileName, productId: "", size: content.length };
      await storeTutorialFileAsUpload(metadata, singleChunk(content), { uploads, peer });
      files++;
      bytes += content.length;
    }
  } finally {
    onEnd({ files, bytes });
  }
}

async function* singleChunk(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield content;
}
