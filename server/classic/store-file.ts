import { type Piece, receiveUpload } from "../upload/session/receive-upload.ts";
import type { UploadView } from "../upload/session/upload-dependencies.ts";
import { maxChunkBytes } from "../upload/session/upload-machine.ts";
import type { FileMetadata } from "../upload/store/upload-record.ts";
import type { Uploads } from "../upload/uploads.ts";

/** What storing a file needs. */
export interface StoreFileOptions {
  readonly uploads: Uploads;
  /** The client, by whose share the file counts. */
  readonly peer: string;
  /** Ends a read of `chunks` that waits, with what it is to throw. */
  readonly stop?: (reason: Error) => void;
}

/**
 * Stores a file as an upload of its own, and resolves when it is complete: it can be downloaded by its id. Where
 * anything fails, also `chunks`, nothing of it stays.
 *
 * @param isWanted throws where the file is not to stay, after all
 */
export async function storeFile(
  words: FileMetadata,
  chunks: AsyncIterable<Uint8Array>,
  { uploads, peer, stop }: StoreFileOptions,
  isWanted: (upload: UploadView) => void = () => {},
): Promise<UploadView> {
  try {
    const upload = await receiveUpload(words, piecesOf(chunks), { uploads, peer, ...(stop && { onSuperseded: stop }) });
    isWanted(upload);
    return upload;
  } catch (error) {
    // It may not even have been started.
    await uploads.abort(words.id).catch(() => {});
    throw error;
  }
}

/** The same bytes in pieces as uploads take them. The end of `chunks` is the end of the file. */
async function* piecesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Piece> {
  for await (const chunk of chunks) {
    for (let from = 0; from < chunk.byteLength; from += maxChunkBytes) {
      yield { kind: "chunk", data: chunk.subarray(from, from + maxChunkBytes) };
    }
  }
  yield { kind: "finish" };
}
