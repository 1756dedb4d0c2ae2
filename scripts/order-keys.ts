import { hash } from "node:crypto";
import type { OrderRow } from "../client/order/order-columns.ts";
import { OccurrenceCounter } from "./occurrence-counter.ts";

/** The longest key that the server takes, in bytes. */
const maxKeyBytes = 200;

/** So many bytes of a hash fit a number exactly. They need not tell all lines apart: the ordinal does. */
const fingerprintBytes = 6;

/**
 * The keys of a file's orders: the file's name, the order number, what the line says, and its ordinal among the lines of
 * the file that say the same, as in `2010-12-01.csv:536365:3f0c9a7be211:1`.
 *
 * So a line that is repeated is an order of its own, and has the same key when the file is read again: also where lines
 * were added to it, removed, mended or sorted. The currency is not part of it: the same file in another currency is
 * refused rather than stored a second time.
 */
export class OrderKeys {
  readonly #fileName: string;
  readonly #lines = new OccurrenceCounter();

  /** @param fileName without its directory */
  constructor(fileName: string) {
    this.#fileName = fileName;
  }

  /** The key of the next line. Throws a RangeError for a file of too many lines. */
  next(row: OrderRow): string {
    const fingerprint = hash("sha256", contentOf(row), "hex").slice(0, 2 * fingerprintBytes);
    const ordinal = this.#lines.add(Number.parseInt(fingerprint, 16));
    const end = `${fingerprint}:${ordinal}`;
    const key = `${this.#fileName}:${row.orderNumber}:${end}`;
    if (Buffer.byteLength(key) <= maxKeyBytes) return key;
    return `${hash("sha256", JSON.stringify([this.#fileName, row.orderNumber]), "hex")}:${end}`;
  }
}

function contentOf({
  orderNumber,
  productCode,
  description,
  quantity,
  unitPrice,
  customerId,
  country,
  placedAt,
}: OrderRow) {
  const numbers = [quantity, unitPrice?.units, unitPrice?.nanos, placedAt?.seconds, placedAt?.nanos].join();
  return JSON.stringify([orderNumber, productCode, description, numbers, customerId ?? null, country]);
}
