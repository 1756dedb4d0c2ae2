import type { Peer } from "../../transport/protection/shared-limit.ts";

/** Where an upload stands, as it is stored. While its hash is counted it is `open` on the disk still. */
export type StoredPhase = "open" | "complete" | "aborted" | "expired" | "damaged";

/** Where an upload stands. */
export type UploadPhase = StoredPhase | "verifying";

/** What is stored of an upload besides its bytes. Sizes and offsets are in bytes, times in microseconds since 1970. */
export interface UploadRecord {
  /** A UUID in lower case, chosen by the client. It alone names the file on the disk. */
  readonly id: string;
  readonly phase: StoredPhase;
  /** For people; never a path. */
  readonly fileName: string;
  /** A UUID in lower case. Empty: it belongs to no product. */
  readonly productId: string;
  /** As announced; what there is, once complete. Absent: not known yet. */
  readonly size?: number | undefined;
  /** In lower-case hex, as announced; as counted, once complete. Absent: not known yet. */
  readonly sha256?: string | undefined;
  /** How many bytes are safe on the disk, from the beginning on. */
  readonly committed: number;
  /** Grows with each start: whoever started last is the writer. */
  readonly generation: number;
  /** The media type that the bytes have. Absent until complete. */
  readonly contentType?: string | undefined;
  /** Absent where it is no image that a thumbnail can be made of. */
  readonly image?: ImageSize | undefined;
  readonly createMicros: number;
  readonly updateMicros: number;
  /** The client that started it first, by whose share it counts. Absent: it is not known. */
  readonly owner?: Peer;
}

/** In pixels. */
export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

/** What a client says of a file before it sends it, checked. */
export interface FileMetadata {
  readonly id: string;
  readonly fileName: string;
  readonly productId: string;
  readonly size?: number | undefined;
  /** In lower-case hex. */
  readonly sha256?: string | undefined;
}
