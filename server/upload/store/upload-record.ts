import type { Peer } from "../../transport/protection/shared-limit.ts";

/** The phase of an upload in the database. An upload whose hash is being computed is still stored as `open`. */
export type StoredPhase = "open" | "complete" | "aborted" | "expired" | "damaged";

/** The phase of an upload. */
export type UploadPhase = StoredPhase | "verifying";

/** The row of an upload: everything but its bytes. Sizes and offsets are in bytes, times in microseconds since 1970. */
export interface UploadRecord {
  /** A UUID in lower case, chosen by the client. The only part of the record that names the file on the disk. */
  readonly id: string;
  readonly phase: StoredPhase;
  /** The name to display; never a path. */
  readonly fileName: string;
  /** A UUID in lower case. Empty: no product. */
  readonly productId: string;
  /** The announced size; the size of the file once it is complete. Absent: unknown. */
  readonly size?: number | undefined;
  /** Lower-case hex. The announced SHA-256; the computed one once the file is complete. Absent: unknown. */
  readonly sha256?: string | undefined;
  /** The number of bytes, from the first on, that are synced. */
  readonly committed: number;
  /** The generation of the current writer. Grows with each start. */
  readonly generation: number;
  /** The media type, detected from the bytes. Absent until the upload is complete. */
  readonly contentType?: string | undefined;
  /** Absent if no thumbnail can be made of the file. */
  readonly image?: ImageSize | undefined;
  readonly createMicros: number;
  readonly updateMicros: number;
  /** The client that started the upload first; its share of the quota counts the upload. Absent: unknown. */
  readonly owner?: Peer;
}

/** An upload at this moment: its row with the phase, offset and generation of its open session, if it has one. */
export interface UploadView extends Omit<UploadRecord, "phase"> {
  readonly phase: UploadPhase;
}

/** In pixels. */
export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

/** The description of a file that a client sends with a start, validated. */
export interface FileMetadata {
  readonly id: string;
  readonly fileName: string;
  readonly productId: string;
  readonly size?: number | undefined;
  /** In lower-case hex. */
  readonly sha256?: string | undefined;
}
