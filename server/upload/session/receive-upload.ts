import { crc32c } from "@node-rs/crc32";
import { InvalidFieldError } from "../../shared/request-errors.ts";
import type { Peer } from "../../transport/protection/shared-limit.ts";
import type { FileMetadata } from "../store/upload-record.ts";
import { UploadError, uploadError } from "../upload-errors.ts";
import type { Uploads } from "../uploads.ts";
import type { UploadView } from "./upload-dependencies.ts";

/** How much of a stream comes before the server commits it, beside what comes meanwhile. */
const commitStepBytes = 4 * 1024 * 1024;

/** A part of a file that comes as a stream. */
export type Piece =
  | {
      readonly kind: "chunk";
      /** Absent: after the chunk before, and the first at 0. */
      readonly offset?: number | undefined;
      readonly data: Uint8Array;
      readonly crc32c?: number | undefined;
    }
  /** The last one, which may be left out where the size or the hash is known before. */
  | { readonly kind: "finish"; readonly size?: number | undefined; readonly sha256?: string | undefined };

export interface ReceiveOptions {
  readonly uploads: Uploads;
  /** The client, by whose share the upload counts if it is new. */
  readonly peer?: Peer;
  /** Whether the upload stays open at the end of the stream, unless that says `finish`. */
  readonly leaveOpen?: boolean;
  /** Is called before the first piece is read, with what tells how the upload stands. */
  readonly onStart?: (current: () => UploadView) => void;
  /** Is told how much is committed when the stream has ended, however it did. */
  readonly onEnd?: (committed: number) => void;
  /** Is called when another writer takes over, to end a read that waits. */
  readonly onSuperseded?: (reason: UploadError) => void;
}

/**
 * Takes a file as a stream. Resolves when it is complete, or committed where it stays open. When the stream breaks, what
 * came of it is committed before this rejects with what the stream did.
 *
 * Its end alone does not say that the file is whole: clients of Node's close their side first when they cancel. So it
 * stays open, too, where there is no `finish`, nor a size or a hash to verify it with.
 */
export async function receiveUpload(
  words: FileMetadata,
  pieces: AsyncIterable<Piece>,
  { uploads, peer, leaveOpen = false, onStart, onEnd, onSuperseded }: ReceiveOptions,
): Promise<UploadView> {
  const started = await uploads.start(words, peer);
  const { id, generation } = started;
  return uploads.write(id, async (session) => {
    onStart?.(() => session.view);
    using _watched = session.watchWriter(generation, (reason) => onSuperseded?.(reason));
    let finish: (Piece & { kind: "finish" }) | undefined;
    let [end, asked] = [0, started.committed];
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
        if (end - asked >= commitStepBytes) {
          session.commitSoon();
          asked = end;
        }
      }
    } catch (error) {
      await session.commit().catch(() => {}); // The committed offset tells what is lost.
      if (error instanceof UploadError) error.detail.committedOffset = BigInt(session.view.committed);
      throw error;
    } finally {
      await session.commit().catch(() => {}); // Whoever finishes is told of it.
      onEnd?.(session.view.committed);
    }
    if (finish === undefined && (leaveOpen || !(canVerify(words) || canVerify(session.view)))) {
      await session.commit();
      return session.view;
    }
    const { size = words.size, sha256 = words.sha256 } = finish ?? {};
    return session.finish({ generation, size, sha256 }, "until the verdict");
  });
}

function canVerify({ size, sha256 }: Pick<FileMetadata, "size" | "sha256">): boolean {
  return size !== undefined || sha256 !== undefined;
}

/** Throws where bytes have not the CRC32C that came with them. */
export function verifyChecksum(
  upload: UploadView,
  { data, crc32c: expected }: { readonly data: Uint8Array; readonly crc32c?: number | undefined },
  offset: number,
): void {
  if (expected === undefined) return;
  const counted = crc32c(data);
  if (counted === expected) return;
  const message = `the chunk at ${offset} has the CRC32C ${hex(counted)}, not ${hex(expected)}: it was damaged on its way; send it again`;
  throw uploadError(upload.id, upload, "CHECKSUM", message);
}

function hex(checksum: number): string {
  return checksum.toString(16).padStart(8, "0");
}
