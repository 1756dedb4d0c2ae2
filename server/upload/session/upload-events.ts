import type { UploadPhase } from "../store/upload-record.ts";

/** How an upload stands: all that a decision depends on. Sizes and offsets in bytes. */
export interface Progress {
  readonly phase: UploadPhase;
  /** How many bytes were taken, in order. */
  readonly received: number;
  /** How many of them are safe on the disk. */
  readonly committed: number;
  /** Names the writer. */
  readonly generation: number;
  /** As announced; what there is, once complete. */
  readonly size?: number | undefined;
  /** In lower-case hex, as announced; as counted, once complete. */
  readonly sha256?: string | undefined;
  /** While verifying: the SHA-256 that it must have. Absent: any. */
  readonly expected?: string | undefined;
}

/** What can happen to an upload. */
export type UploadEvent =
  /** Somebody starts it anew; `difference` says how their words differ from the first ones, if they do. */
  | { readonly kind: "start"; readonly difference?: string | undefined }
  | { readonly kind: "chunk"; readonly generation: number; readonly offset: number; readonly length: number }
  /** All before `offset` is on the disk. */
  | { readonly kind: "committed"; readonly offset: number }
  /** What was taken and not written is lost: the disk had no room, or failed. */
  | { readonly kind: "lost"; readonly received: number }
  | {
      readonly kind: "finish";
      readonly generation: number;
      readonly size?: number | undefined;
      readonly sha256?: string | undefined;
    }
  /** The SHA-256 of all bytes was counted. */
  | { readonly kind: "hashed"; readonly sha256: string }
  /** It could not be counted. */
  | { readonly kind: "unhashed" }
  | { readonly kind: "abort" }
  | { readonly kind: "expire" }
  /** At the start of the server: how long the file is. Absent: there is none. */
  | { readonly kind: "found"; readonly bytes?: number | undefined };

/** What follows. `next` is how the upload stands then; where there is none, it stands as before. */
export type Outcome =
  /** Nothing is to be done but to tell how it stands. */
  | { readonly kind: "answer" }
  /** The caller is the writer now. */
  | { readonly kind: "own"; readonly next: Progress }
  /** The chunk's first `known` bytes must be like those that are there; the others are taken. */
  | { readonly kind: "append"; readonly known: number; readonly next: Progress }
  /** All of the chunk is there: it must be the same. */
  | { readonly kind: "compare" }
  /** The chunk before it is still to come. */
  | { readonly kind: "hold" }
  | { readonly kind: "note"; readonly next: Progress }
  /** The hash is to be counted. */
  | { readonly kind: "verify"; readonly next: Progress }
  /** The file is to be shown. */
  | { readonly kind: "publish"; readonly next: Progress }
  /** The bytes are to be deleted. */
  | { readonly kind: "discard"; readonly next: Progress }
  /** What the file has behind `bytes` was never acknowledged, and is to be cut off. */
  | { readonly kind: "truncate"; readonly bytes: number }
  | { readonly kind: "damage"; readonly next: Progress }
  | { readonly kind: "refuse"; readonly problem: Problem; readonly message: string; readonly next?: Progress };

/** Why something is refused, as `UploadProblemReason` in the protos. */
export type Problem =
  | "STALE_WRITER"
  | "GAP"
  | "OVERLAP"
  | "CHECKSUM"
  | "TOO_LONG"
  | "SIZE"
  | "HASH"
  | "CONFLICT"
  | "STATE"
  | "FILE_LIMIT"
  | "QUOTA"
  | "TOO_MANY"
  | "READ_ONLY"
  | "STALLED";
