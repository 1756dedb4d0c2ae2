import type { Generated, GeneratedAlways } from "kysely";

/** The tables of uploads after the newest migration. Integers are bigints, because a number could round them. */
export interface UploadTables {
  upload: UploadTable;
}

/** A row for each upload. Sizes and offsets are in bytes, times in microseconds since 1970. */
export interface UploadTable {
  /** The position in the order of creation. Never reused. */
  sequence: GeneratedAlways<bigint>;
  /** A UUID in lower case; also the name of the file. */
  id: string;
  phase: "open" | "complete" | "aborted" | "expired" | "damaged";
  /** The name to display. Empty: none. */
  file_name: string;
  /** Empty: no product. */
  product_id: string;
  /** Null: unknown. */
  size: bigint | null;
  /** Lower-case hex. Null: unknown. */
  sha256: string | null;
  /** The number of synced bytes. */
  committed_offset: bigint;
  /** The generation of the writer. Grows with each start. */
  generation: bigint;
  /** Null until the upload is complete. */
  content_type: string | null;
  /** In pixels. Width and height are null if no thumbnail can be made of the file. */
  image_width: bigint | null;
  image_height: bigint | null;
  create_time: bigint;
  update_time: bigint;
  /** The key of the client that started the upload first. Empty: unknown. */
  owner: Generated<string>;
}
