import type { Generated, GeneratedAlways } from "kysely";

/** The tables of uploads as of the newest migration. Integers are read as bigints, so that none is rounded. */
export interface UploadTables {
  upload: UploadTable;
}

/** An upload a row. Sizes and offsets are in bytes, times whole microseconds since 1970. */
export interface UploadTable {
  /** The order of creation. Never reused. */
  sequence: GeneratedAlways<bigint>;
  /** A UUID in lower case; the name of its file. */
  id: string;
  phase: "open" | "complete" | "aborted" | "expired" | "damaged";
  /** For people. Empty: it has no name. */
  file_name: string;
  /** Empty: it belongs to no product. */
  product_id: string;
  /** Null where it is not known yet. */
  size: bigint | null;
  /** Lower-case hex. Null where it is not known yet. */
  sha256: string | null;
  /** How much of the file is safe on the disk. */
  committed_offset: bigint;
  /** Grows with each start. */
  generation: bigint;
  /** Null until complete. */
  content_type: string | null;
  /** In pixels; null with the height where it is no image that a thumbnail can be made of. */
  image_width: bigint | null;
  image_height: bigint | null;
  create_time: bigint;
  update_time: bigint;
  /** The client that started it first, as its address is counted by. Empty: it is not known. */
  owner: Generated<string>;
}
