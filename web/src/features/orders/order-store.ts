import type { Order } from "../../../../gen/bourse/order/v1/order_pb.ts";
import { TextPool } from "./text-pool.ts";

/** Rows that the page keeps at most: Firefox lays out nothing higher than 17.8 million pixels, and a row has 28. */
export const maxRows = 600_000;

/** Bytes that the distinct texts of the rows may take, as in descriptions that never repeat. */
export const maxTextBytes = 128 * 1024 * 1024;

/** Bytes of a row, beside the texts that no row before it had. */
export const bytesPerRow = 60;

/** An order as the page shows it. */
export interface OrderRow {
  readonly sequence: bigint;
  readonly orderNumber: string;
  readonly productCode: string;
  readonly description: string;
  readonly quantity: number;
  readonly price: { readonly currencyCode: string; readonly units: bigint; readonly nanos: number };
  /** Undefined where it is not known. */
  readonly customerId: string | undefined;
  readonly country: string;
  readonly placedAt: { readonly seconds: bigint; readonly nanos: number };
}

// As many as keep a block below half a megabyte: nothing is copied as the store grows.
const rowsPerBlock = 8_192;
const unknownCustomer = -1;

/**
 * Orders in columns of numbers, {@link bytesPerRow} bytes each: hundreds of thousands of objects would take ten times as
 * much, and the browser's time to look through them. Texts are numbers of a pool, as most of them repeat. Exact: nothing
 * is rounded. An order's key is not kept.
 */
export class OrderStore {
  readonly #texts = new TextPool();
  readonly #blocks: Block[] = [];
  readonly #limits: { readonly rows: number; readonly textBytes: number };
  #count = 0;

  constructor(limits = { rows: maxRows, textBytes: maxTextBytes }) {
    this.#limits = limits;
  }

  /** How many rows there are. */
  get count(): number {
    return this.#count;
  }

  /** What the store takes in memory, in bytes: about, as to the texts. */
  get bytes(): number {
    return this.#blocks.length * rowsPerBlock * bytesPerRow + this.#texts.bytes;
  }

  /** Whether it takes no more: it has as many rows as it may, or their texts take as many bytes as they may. */
  get isFull(): boolean {
    return this.#count >= this.#limits.rows || this.#texts.bytes >= this.#limits.textBytes;
  }

  /** Adds orders behind the others, as many as there is room for. Returns how many that were. */
  append(orders: readonly Order[]): number {
    let added = 0;
    for (const order of orders) {
      if (this.isFull) break;
      this.#add(order);
      added++;
    }
    return added;
  }

  /** The row at a place, from 0 on. Throws a RangeError where there is none. */
  row(index: number): OrderRow {
    const block = this.#blocks[Math.floor(index / rowsPerBlock)];
    if (block === undefined || !(index < this.#count)) {
      throw new RangeError(`there is no row ${index}: there are ${this.#count}`);
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

/** So many rows, column by column. */
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
