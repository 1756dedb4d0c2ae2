import { crc32c } from "@node-rs/crc32";
import { InvalidFieldError } from "../../shared/request-errors.ts";
import type { Peer } from "../../transport/protection/shared-limit.ts";
import type { FileMetadata, UploadView } from "../store/upload-record.ts";
import { UploadError, uploadError } from "../upload-errors.ts";
import type { Uploads } from "../uploads.ts";
import type { UploadSession } from "./upload-session.ts";

/** The number of received bytes after which a commit of a stream starts. A stream is also committed when it ends. */
const commitIntervalBytes = 4 * 1024 * 1024;

/** A part of a file that is uploaded as a stream. */
export type Piece = ChunkPiece | FinishPiece;

interface ChunkPiece {
  readonly kind: "chunk";
  /** Default: the end of the chunk before; 0 for the first one. */
  readonly offset?: number | undefined;
  readonly data: Uint8Array;
  readonly crc32c?: number | undefined;
}

/** The last piece. Optional if the size or the SHA-256 was announced. */
interface FinishPiece {
  readonly kind: "finish";
  readonly size?: number | undefined;
  readonly sha256?: string | undefined;
}

export interface ReceiveOptions {
  readonly uploads: Uploads;
  /** The client; its share of the quota counts the upload if it is new. */
  readonly peer?: Peer;
  /** Whether the upload stays open if the stream ends without `finish`. Default: false. */
  readonly leaveOpen?: boolean;
  /** Is called before the first piece is read. `current` returns the upload at the time of its call. */
  readonly onStart?: (current: () => UploadView) => void;
  /** Is called with the committed offset after the stream has ended or failed. */
  readonly onEnd?: (committed: number) => void;
  /** Is called if another writer takes the upload over or the upload ends. Must end a pending read of the pieces. */
  readonly onSuperseded?: (reason: UploadError) => void;
}

/**
 * Receives a file as a stream of pieces. However the stream ends, it first tries to commit all received bytes. Resolves to
 * the complete upload, or to the open one if it stays open. Rejects with the error of the stream, of the commit or of the
 * verification.
 *
 * The end of the stream alone does not prove that the file is complete: Node's HTTP/2 clients close their side before they
 * reset a cancelled stream. So without `finish` the upload stays open, unless a size or a SHA-256 was announced, with
 * which the file can be verified.
 */
export async function receiveUploadStream(
  metadata: FileMetadata,
  pieces: AsyncIterable<Piece>,
  { uploads, peer, leaveOpen = false, onStart, onEnd, onSuperseded }: ReceiveOptions,
): Promise<UploadView> {
  const started = await uploads.start(metadata, peer);
  const { id, generation } = started;
  return uploads.write(id, async (session) => {
    onStart?.(() => session.view);
    using _watched = session.watchWriter(generation, (reason) => onSuperseded?.(reason));
    const end = await appendPieces(session, started, pieces);
    const commit = await commitReceived(session);
    onEnd?.(session.view.committed);
    if (end.kind === "failed") {
      const { error } = end;
      if (error instanceof UploadError) error.detail.committedOffset = BigInt(session.view.committed);
      throw error;
    }
    const { finish } = end;
    if (finish === undefined && (leaveOpen || !(canVerify(metadata) || canVerify(session.view)))) {
      if (commit.kind === "failed") throw commit.error;
      return session.view;
    }
    const { size = metadata.size, sha256 = metadata.sha256 } = finish ?? {};
    return session.finish({ generation, size, sha256 }, "unlimited");
  });
}

/** How a stream of pieces ended. */
type StreamEnd =
  | { readonly kind: "ended"; readonly finish: FinishPiece | undefined }
  | { readonly kind: "failed"; readonly error: unknown };

/** Appends all chunks. Never rejects. */
async function appendPieces(
  session: UploadSession,
  { generation, committed }: UploadView,
  pieces: AsyncIterable<Piece>,
): Promise<StreamEnd> {
  let finish: FinishPiece | undefined;
  let end = 0;
  let commitRequested = committed;
  try {
    for await (const piece of pieces) {
      if (finish !== undefined)
        throw new InvalidFieldError("finish", "must be the last request: send nothing after it");
      if (piece.kind === "finish") {
        finish = piece;
        continue;
      }
      const { offset = end, data } = piece;
      verifyChecksum(session.view, piece, offset);
      await session.append({ generation, offset, data });
      end = offset + data.byteLength;
      if (end - commitRequested >= commitIntervalBytes) {
        session.startCommit();
        commitRequested = end;
      }
    }
    return { kind: "ended", finish };
  } catch (error) {
    return { kind: "failed", error };
  }
}

/** Commits all received bytes. Never rejects: after a failure the committed offset shows which bytes are lost. */
async function commitReceived(session: UploadSession): Promise<{ kind: "done" } | { kind: "failed"; error: unknown }> {
  try {
    await session.commit();
    return { kind: "done" };
  } catch (error) {
    return { kind: "failed", error };
  }
}

function canVerify({ size, sha256 }: Pick<FileMetadata, "size" | "sha256">): boolean {
  return size !== undefined || sha256 !== undefined;
}

/** Throws an UploadError if the bytes do not have the CRC32C that was sent with them. */
export function verifyChecksum(
  upload: UploadView,
  { data, crc32c: expected }: { readonly data: Uint8Array; readonly crc32c?: number | undefined },
  offset: number,
): void {
  if (expected === undefined) return;
  const computed = crc32c(data);
  if (computed === expected) return;
  const message = `the chunk at offset ${offset} has the CRC32C ${hex(computed)}, not ${hex(expected)}: it was damaged in transit; resend it`;
  throw uploadError(upload.id, upload, "CHECKSUM", message);
}

function hex(checksum: number): string {
  return checksum.toString(16).padStart(8, "0");
}
