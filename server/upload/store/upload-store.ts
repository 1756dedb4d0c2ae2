import type { StoredPhase, UploadRecord } from "./upload-record.ts";

/** Stores the rows of uploads. When a method that writes resolves, its change is durable. */
export interface UploadStore {
  /** Inserts an upload at the next position in the order of creation. Rejects with an AlreadyExistsError for a known id. */
  insert(record: UploadRecord): Promise<void>;
  get(id: string): Promise<UploadRecord | undefined>;
  /**
   * Replaces everything except the id and the position in the order of creation. The committed offset never decreases:
   * the larger one of the row and the record stays.
   */
  update(record: UploadRecord): Promise<void>;
  /** Increases the committed offsets of open uploads, all or none. A smaller offset than that of the row is ignored. */
  commitOffsets(offsets: readonly CommittedOffset[]): Promise<void>;
  remove(id: string): Promise<void>;
  /** Lists uploads, the newest first. */
  list(query: UploadQuery): Promise<UploadPage>;
  /** Finds the complete images of products, the oldest first, at most `limit` of each product. */
  imagesOf(productIds: readonly string[], limit: number): Promise<UploadRecord[]>;
  /** Yields all uploads in pages, in the order of creation. */
  all(): AsyncIterable<readonly UploadRecord[]>;
  /**
   * Finds uploads in some phases that have not changed since a time, the oldest change first, at most `limit`.
   *
   * @param which `empty`: only uploads without a committed byte. Default: `any`
   */
  unchangedSince(
    phases: readonly StoredPhase[],
    beforeMicros: number,
    limit: number,
    which?: "any" | "empty",
  ): Promise<UploadRecord[]>;
}

/** A new committed offset of an upload, in bytes, with its time in microseconds since 1970. */
export interface CommittedOffset {
  readonly id: string;
  readonly committed: number;
  readonly updateMicros: number;
}

/** The selection and the page of a list. */
export interface UploadQuery {
  /** Empty: all phases. */
  readonly phases: readonly StoredPhase[];
  /** Empty: uploads of any product and of none. */
  readonly productId: string;
  readonly limit: number;
  /** The `next` of the previous page. Absent: the first page. */
  readonly before?: bigint | undefined;
}

export interface UploadPage {
  readonly records: readonly UploadRecord[];
  /** The position at which the next page starts. Absent: this is the last page. */
  readonly next?: bigint | undefined;
}
