import type { Order } from "../../../../gen/bourse/order/v1/order_pb.ts";

/**
 * The maximum number of rows in a page. Firefox cannot lay out elements that are higher than 17.8 million pixels, and a
 * row is 28 pixels high.
 */
export const maxRows = 600_000;

/** The maximum size of all distinct texts, in bytes. It bounds exports whose descriptions never repeat. */
export const maxTextBytes = 128 * 1024 * 1024;

/** The bytes of a row, without new texts. */
export const bytesPerRow = 60;

/** The fields of an order that the page shows. */
export interface OrderRow {
  readonly sequence: bigint;
  readonly orderNumber: string;
  readonly productCode: string;
  readonly description: string;
  readonly quantity: number;
  readonly price: { readonly currencyCode: string; readonly units: bigint; readonly nanos: number };
  /** Undefined if it is unknown. */
  readonly customerId: string | undefined;
  readonly country: string;
  readonly placedAt: { readonly seconds: bigint; readonly nanos: number };
}

// A block takes half a megabyte. The store adds blocks as it grows, so rows are never copied.
const rowsPerBlock = 8_192;
const unknownCustomer = -1;

/**
 * Stores orders in typed arrays, {@link bytesPerRow} bytes each. Objects would take ten times the memory and slow down
 * garbage collection: see docs/decisions/0017-dashboard-order-table.md. Texts are interned, because most of them repeat.
 * All numbers are exact. The keys of orders are not stored.
 */
export class OrderRowStore {
  readonly #texts = new TextPool();
  readonly #blocks: Block[] = [];
  readonly #limits: { readonly rows: number; readonly textBytes: number };
  #count = 0;

  constructor(limits = { rows: maxRows, textBytes: maxTextBytes }) {
    this.#limits = limits;
  }

  /** The number of rows. */
  get count(): number {
    return this.#count;
  }

  /** The memory of the store in bytes. The share of the texts is approximate. */
  get bytes(): number {
    return this.#blocks.length * rowsPerBlock * bytesPerRow + this.#texts.bytes;
  }

  /** Whether the limit of rows or of text bytes is reached. */
  get isFull(): boolean {
    return this.#count >= this.#limits.rows || this.#texts.bytes >= this.#limits.textBytes;
  }

  /** Appends orders until the store is full. Returns the number of added orders. */
  append(orders: readonly Order[]): number {
    let added = 0;
    for (const order of orders) {
      if (this.isFull) break;
      this.#add(order);
      added++;
    }
    return added;
  }

  /** Returns the row at an index, from 0. Throws a RangeError if there is none. */
  row(index: number): OrderRow {
    const block = this.#blocks[Math.floor(index / rowsPerBlock)];
    if (block === undefined || !(index < this.#count)) {
      throw new RangeError(`row ${index} does not exist; there are ${this.#count}`);
    }
    const at = index % rowsPerBlock;
    const text = (codes: Int32Array) => this.#texts.textOf(codes[at] ?? unknownCustomer);
    return {
      sequence: block.sequence[at] ?? 0n,
      orderNumber: text(block.orderNumber),
      productCode: text(block.productCode),
      description: text(block.description),
      quantity: block.quantity[at] ?? 0,
      price: {
        currencyCode: text(block.currency),
        units: block.priceUnits[at] ?? 0n,
        nanos: block.priceNanos[at] ?? 0,
      },
      customerId: block.customer[at] === unknownCustomer ? undefined : text(block.customer),
      country: text(block.country),
      placedAt: { seconds: block.placedSeconds[at] ?? 0n, nanos: block.placedNanos[at] ?? 0 },
    };
  }

  #add(order: Order): void {
    const at = this.#count % rowsPerBlock;
    const block = at === 0 ? new Block() : this.#blocks.at(-1);
    if (block === undefined) return;
    if (at === 0) this.#blocks.push(block);
    const texts = this.#texts;
    const { unitPrice, placedAt, customerId } = order;
    block.sequence[at] = order.sequence;
    block.orderNumber[at] = texts.codeOf(order.orderNumber);
    block.productCode[at] = texts.codeOf(order.productCode);
    block.description[at] = texts.codeOf(order.description);
    block.quantity[at] = order.quantity;
    block.priceUnits[at] = unitPrice?.units ?? 0n;
    block.priceNanos[at] = unitPrice?.nanos ?? 0;
    block.currency[at] = texts.codeOf(unitPrice?.currencyCode ?? "");
    block.customer[at] = customerId === undefined ? unknownCustomer : texts.codeOf(customerId);
    block.country[at] = texts.codeOf(order.country);
    block.placedSeconds[at] = placedAt?.seconds ?? 0n;
    block.placedNanos[at] = placedAt?.nanos ?? 0;
    this.#count++;
  }
}

/** The columns of {@link rowsPerBlock} rows. */
class Block {
  readonly sequence = new BigUint64Array(rowsPerBlock);
  readonly priceUnits = new BigInt64Array(rowsPerBlock);
  readonly placedSeconds = new BigInt64Array(rowsPerBlock);
  readonly priceNanos = new Int32Array(rowsPerBlock);
  readonly placedNanos = new Int32Array(rowsPerBlock);
  readonly quantity = new Int32Array(rowsPerBlock);
  readonly orderNumber = new Int32Array(rowsPerBlock);
  readonly productCode = new Int32Array(rowsPerBlock);
  readonly description = new Int32Array(rowsPerBlock);
  readonly currency = new Int32Array(rowsPerBlock);
  readonly customer = new Int32Array(rowsPerBlock);
  readonly country = new Int32Array(rowsPerBlock);
}

// The approximate memory of a text in addition to its characters, in bytes: its header, its map entry and its array
// element.
const textOverheadBytes = 96;
const bytesPerCodeUnit = 2; // UTF-16; some browsers store Latin-1 texts in 1 byte

/** Interns texts: stores each distinct text once and gives it a small number. */
class TextPool {
  readonly #codes = new Map<string, number>();
  readonly #texts: string[] = [];
  #bytes = 0;

  /** The approximate upper bound of the texts' memory. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Returns the number of a text: equal texts have equal numbers, and numbers are dense from 0. */
  codeOf(text: string): number {
    const existing = this.#codes.get(text);
    if (existing !== undefined) return existing;
    const code = this.#texts.length;
    this.#codes.set(text, code);
    this.#texts.push(text);
    this.#bytes += text.length * bytesPerCodeUnit + textOverheadBytes;
    return code;
  }

  /** Returns the text of a number that {@link codeOf} returned. */
  textOf(code: number): string {
    const text = this.#texts[code];
    if (text === undefined) throw new RangeError(`text number ${code} does not exist; there are ${this.#texts.length}`);
    return text;
  }
}
