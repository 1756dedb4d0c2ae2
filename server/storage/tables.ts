import type { Generated, GeneratedAlways } from "kysely";

/** The tables of the database as of the newest migration. Every integer is read as a bigint: none is ever rounded. */
export interface Tables {
  product: ProductTable;
  product_past: ProductPastTable;
  product_rating: ProductRatingTable;
  candle: CandleTable;
  open_candle: OpenCandleTable;
  order_line: OrderLineTable;
  server_secret: ServerSecretTable;
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
  /** The number of its last change among all changes of products; 0 where it is as it was created. */
  revision: Generated<bigint>;
  /** 1 where it was deleted, else 0. */
  deleted: Generated<bigint>;
  /** A laptop's brand, folded for comparison. This and what follows is null where it is not known. */
  brand: string | null;
  core_count: bigint | null;
  /** The base clock. */
  min_ghz: number | null;
  /** The main memory in bits: 27 hexadecimal digits, which compare as the numbers do and hold any that can be told. */
  ram_bits: string | null;
}

/** A state that a product had, kept while a listing needs it. */
export interface ProductPastTable {
  /** The change that ended it. */
  until_revision: bigint;
  /** The change that began it; 0 where it was the first. */
  from_revision: bigint;
  /** The product's. */
  sequence: bigint;
  body: Uint8Array;
}

/** The ratings of a product that has any. */
interface ProductRatingTable {
  /** The product's. */
  sequence: bigint;
  count: bigint;
  /** The sum of all scores, in millionths. */
  sum_millionths: bigint;
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

/** An order a row. Rows are added, with sequences that leave no gap, and never changed or removed. */
export interface OrderLineTable {
  /** From 1 on. */
  sequence: bigint;
  /** The client's name for it. */
  key: string;
  product_code: string;
  /** Null where the customer is not known. */
  customer_id: string | null;
  country: string;
  /** Negative: a cancellation. */
  quantity: bigint;
  /** ISO 4217. */
  price_currency: string;
  price_units: bigint;
  /** Billionths of a unit, of the same sign. */
  price_nanos: bigint;
  /** Since 1970. */
  placed_seconds: bigint;
  placed_nanos: bigint;
  /**
   * The whole order as a protobuf message, as it stands in an ExportOrdersResponse: with the tag of `orders` and its
   * length before it, so that rows one after another are a response. What the other columns repeat is for queries only.
   */
  body: Uint8Array;
}

/** Random bytes that the server keeps to itself, by what they are for. */
interface ServerSecretTable {
  name: string;
  value: Uint8Array;
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
