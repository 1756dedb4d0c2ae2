import type { GeneratedAlways } from "kysely";

/** The tables of the database as of the newest migration. Every integer is read as a bigint: none is ever rounded. */
export interface Tables {
  product: ProductTable;
  candle: CandleTable;
  open_candle: OpenCandleTable;
  upload: UploadTable;
}

/** A product a row. */
export interface ProductTable {
  /** The order of creation. Never reused. */
  sequence: GeneratedAlways<bigint>;
  /** A UUID in lower case. */
  id: string;
  name: string;
  /** ISO 4217; null with the other two where no price is known. */
  price_currency: string | null;
  price_units: bigint | null;
  /** Billionths of a unit. */
  price_nanos: bigint | null;
  /** The whole product as a protobuf message: what the other columns repeat is for queries only. */
  body: Uint8Array;
}

/** A complete candle a row. Times are whole microseconds since 1970. */
export interface CandleTable {
  symbol: string;
  /** How long it lasts. */
  span_seconds: bigint;
  open_time: bigint;
  open: number;
  high: number;
  low: number;
  close: number;
  /** Null where the source does not tell it. */
  volume: bigint | null;
  quote_count: bigint;
}

/** A candle that goes on: one for each symbol and span. */
export interface OpenCandleTable extends CandleTable {
  /** The time of its newest quote. */
  newest_time: bigint;
  /** The session's volume at its newest quote; null where the source does not tell it. */
  session_volume: bigint | null;
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
}
