import { type Piece, receiveUploadStream } from "../upload/session/receive-upload-stream.ts";
import { maxChunkBytes } from "../upload/session/upload-state-machine.ts";
import type { FileMetadata, UploadView } from "../upload/store/upload-record.ts";
import type { Uploads } from "../upload/uploads.ts";

export interface StoreTutorialFileOptions {
  readonly uploads: Uploads;
  /** The client whose share of the limits the file uses. */
  readonly peer: string;
  /** Fails a pending read of `chunks` with an error, if another writer takes over the upload. */
  readonly failRead?: (reason: Error) => void;
  /** Throws to reject the complete upload, for example by its content type. */
  readonly validate?: (upload: UploadView) => void;
}

/**
 * Stores a file as a new upload. Resolves when it is complete and can be downloaded by its id. If anything fails,
 * including `chunks` and `validate`, the upload is aborted and nothing of it stays.
 */
export async function storeTutorialFileAsUpload(
  metadata: FileMetadata,
  chunks: AsyncIterable<Uint8Array>,
  { uploads, peer, failRead, validate }: StoreTutorialFileOptions,
): Promise<UploadView> {
  try {
    const options = { uploads, peer, ...(failRead && { onSuperseded: failRead }) };
    const upload = await receiveUploadStream(metadata, toPieces(chunks), options);
    validate?.(upload);
    return upload;
  } catch (error) {
    await uploads.abort(metadata.id).catch(() => {}); // fails if the upload did not start
    throw error;
  }
}

/** Splits chunks into pieces of at most {@link maxChunkBytes}. The end of `chunks` is the end of the file. */
async function* toPieces(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Piece> {
  for await (const chunk of chunks) {
    for (let from = 0; from < chunk.byteLength; from += maxChunkBytes) {
      yield { kind: "chunk", data: chunk.subarray(from, from + maxChunkBytes) };
    }
  }
  yield { kind: "finish" };
}
