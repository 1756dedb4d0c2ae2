import type { StoredPhase, UploadRecord } from "./upload-record.ts";

/** What is known of uploads besides their bytes. What a method wrote is on the disk when it resolves. */
export interface UploadStore {
  /** Adds an upload, and gives it the next place in the order of creation. Rejects where its id is taken. */
  insert(record: UploadRecord): Promise<void>;
  get(id: string): Promise<UploadRecord | undefined>;
  /**
   * Replaces all but the id and the place in the order of creation. The committed offset stays where it is further: an
   * offset that moved meanwhile is not moved back.
   */
  update(record: UploadRecord): Promise<void>;
  /** Moves committed offsets of open uploads forward, all of them or none. */
  commitOffsets(offsets: readonly CommittedOffset[]): Promise<void>;
  /** Forgets an upload. */
  remove(id: string): Promise<void>;
  /** The newest first. */
  list(query: UploadQuery): Promise<UploadPage>;
  /** The complete images of some products, the oldest first, at most `limit` of each product. */
  imagesOf(productIds: readonly string[], limit: number): Promise<UploadRecord[]>;
  /** All there are, in pages, in the order of creation. */
  all(): AsyncIterable<readonly UploadRecord[]>;
  /**
   * Those in some phases that last changed before a time, the oldest change first, at most `limit`; all of them, or only
   * those of which nothing is committed.
   */
  unchangedSince(
    phases: readonly StoredPhase[],
    beforeMicros: number,
    limit: number,
    which?: "any" | "empty",
  ): Promise<UploadRecord[]>;
}

/** So many bytes of an upload are on the disk. */
export interface CommittedOffset {
  readonly id: string;
  readonly committed: number;
  readonly updateMicros: number;
}

/** Which uploads are wanted. */
export interface UploadQuery {
  /** Empty: any. */
  readonly phases: readonly StoredPhase[];
  /** Empty: of any product, or of none. */
  readonly productId: string;
  readonly limit: number;
  /** Only those created before this place. Absent: from the newest on. */
  readonly before?: bigint | undefined;
}

/** Some uploads. */
export interface UploadPage {
  readonly records: readonly UploadRecord[];
  /** Where the next page begins. Absent: there are no more. */
  readonly next?: bigint | undefined;
}
