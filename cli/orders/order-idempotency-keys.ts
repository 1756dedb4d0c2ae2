import { hash } from "node:crypto";
import type { OrderRow } from "./order-csv-columns.ts";

/** The longest key that the server accepts, in bytes. */
const maxKeyBytes = 200;

/** How many bytes of a hash a fingerprint has. A number holds them exactly. Equal fingerprints get different ordinals. */
const fingerprintBytes = 6;

/**
 * The keys of the orders of a file: the file's name, the order number, a fingerprint of the line, and the ordinal of the
 * line among those with the same fingerprint, as in `2010-12-01.csv:536365:3f0c9a7be211:1`.
 *
 * So a repeated line is a separate order. An unchanged line has the same key in every run, even after other lines were
 * added, removed or corrected, or the file was sorted. The currency is not part of a key: the same file with another
 * currency is refused, and not stored a second time.
 */
export class OrderIdempotencyKeys {
  readonly #fileName: string;
  readonly #occurrences = new OccurrenceCounter();

  /** @param fileName without its directory */
  constructor(fileName: string) {
    this.#fileName = fileName;
  }

  /** The key of the next line. Throws a RangeError if the file has more than {@link maxEntries} different lines. */
  next(row: OrderRow): string {
    const fingerprint = hash("sha256", serialize(row), "hex").slice(0, 2 * fingerprintBytes);
    const ordinal = this.#occurrences.add(Number.parseInt(fingerprint, 16));
    const end = `${fingerprint}:${ordinal}`;
    const key = `${this.#fileName}:${row.orderNumber}:${end}`;
    if (Buffer.byteLength(key) <= maxKeyBytes) return key;
    return `${hash("sha256", JSON.stringify([this.#fileName, row.orderNumber]), "hex")}:${end}`;
  }
}

function serialize({
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

/**
 * The maximum number of distinct lines. A slot has 12 bytes, and at most half of the slots are in use: about 400 MB.
 */
export const maxEntries = 1 << 24;

const initialSlots = 1 << 12;

/**
 * Counts occurrences of numbers, in a hash table with open addressing. It takes about 24 bytes for each different
 * number, which is less than a Map.
 */
export class OccurrenceCounter {
  #keys = new Float64Array(initialSlots).fill(Number.NaN);
  #counts = new Uint32Array(initialSlots);
  #size = 0;

  /** Counts a number. Returns its count, 1 the first time. Throws a RangeError above {@link maxEntries} numbers. */
  add(value: number): number {
    const slot = this.#slotOf(value);
    const count = (this.#counts[slot] ?? 0) + 1;
    this.#counts[slot] = count;
    if (count === 1) {
      this.#keys[slot] = value;
      if (++this.#size > maxEntries) {
        throw new RangeError(`the file has more than ${maxEntries.toLocaleString("en")} different lines: split it`);
      }
      if (this.#size * 2 > this.#keys.length) this.#grow();
    }
    return count;
  }

  #slotOf(value: number): number {
    const mask = this.#keys.length - 1;
    let slot = (value % 0x1_0000_0000) & mask;
    while (this.#counts[slot] !== 0 && this.#keys[slot] !== value) slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const [keys, counts] = [this.#keys, this.#counts];
    this.#keys = new Float64Array(keys.length * 2).fill(Number.NaN);
    this.#counts = new Uint32Array(counts.length * 2);
    for (const [at, key] of keys.entries()) {
      if (counts[at] === 0) continue;
      const slot = this.#slotOf(key);
      this.#keys[slot] = key;
      this.#counts[slot] = counts[at] ?? 0;
    }
  }
}
