import { create, fromBinary } from "@bufbuild/protobuf";
import { WireType } from "@bufbuild/protobuf/wire";
import {
  type ExportOrdersResponse,
  ExportOrdersResponseSchema,
} from "../../../gen/bourse/order/v1/order_service_pb.ts";
import type { OpenedToken, ResumePoint } from "../../shared/resume-token.ts";
import type { Peer } from "../../transport/protection/shared-limit.ts";
import { batch } from "../../transport/rpc/yield-batch.ts";
import type { OrderCriteria } from "../order-criteria.ts";
import type { OrderStore } from "../store/order-store.ts";
import { ordersTag, readVarint, startOfOrder } from "../store/stored-order-encoding.ts";
import { ExportDigest } from "./export-digest.ts";

/** The number of orders in a page of the store, rounded to whole responses: a millisecond of work. */
const targetPageOrders = 512;

/** The size in bytes at which a response gets no further order, so that it stays below the limit on messages. */
export const maxResponseBytes = 1024 * 1024;

export interface OrderExportOptions {
  readonly store: OrderStore;
  readonly criteria: OrderCriteria;
  /** The client that reads. */
  readonly peer?: Peer;
  /** The position to start at. */
  readonly start: ResumePoint;
  /** The maximum number of orders in a response, at least 1. */
  readonly batchSize: number;
  /** Returns a function that makes the resume token of the position `skip` orders after a point, up to `count`. */
  readonly sealPage: (point: ResumePoint, count: number) => (skip: number) => Uint8Array;
  /** Whether to decode the orders: JSON needs them, and the binary encoder writes their stored bytes. */
  readonly decode: boolean;
}

/**
 * A running export: its responses and its position.
 *
 * Responses carry the stored bytes of their orders as unknown fields, which the binary encoders write unchanged. Decoding
 * and encoding each order would take three times as long.
 */
export class OrderExport {
  readonly #options: OrderExportOptions;
  readonly #digest: ExportDigest;
  /** The position after the last sent response. */
  #sent: ExportPosition;

  constructor(options: OrderExportOptions) {
    this.#options = options;
    const { start, sealPage } = options;
    this.#digest = new ExportDigest(start.digest);
    this.#sent = { orders: 0, digest: start.digest, token: sealPage(start, 0)(0) };
  }

  /** The number of orders that were sent. */
  get sent(): number {
    return this.#sent.orders;
  }

  /** The running digest of the selected orders up to the last sent order, in lower-case hex. */
  get digest(): string {
    return Buffer.from(this.#sent.digest).toString("hex");
  }

  /** The resume token of the position after the last sent response. */
  get token(): Uint8Array {
    return this.#sent.token;
  }

  /** Yields the responses, once. Throws the reason of the signal before the next page. */
  async *responses(signal: AbortSignal): AsyncGenerator<ExportOrdersResponse> {
    const { store, criteria, peer, start, batchSize } = this.#options;
    const pageSize = batchSize * Math.max(1, Math.floor(targetPageOrders / batchSize));
    const range = { after: positionOf(start), snapshot: start.snapshot, pageSize, peer };
    let sequence = range.after;
    let open = emptyResponse();
    let tokens = this.#tokensAfter(sequence, 0);
    let ordersInPage = 0; // up to the end of the open response
    for await (const { bytes, count } of store.pages(criteria, range, signal)) {
      const closed = new ClosedResponses();
      tokens = this.#tokensAfter(sequence, count);
      ordersInPage = 0;
      let from = 0;
      for (let at = 0; at < bytes.length; ) {
        const begin = startOfOrder(bytes, at);
        const end = begin + readVarint(bytes, at + 1);
        this.#digest.add(bytes, begin, end);
        open.orders++;
        ordersInPage++;
        sequence = readVarint(bytes, begin + 1);
        at = end;
        if (open.orders < batchSize && open.bytes + end - from < maxResponseBytes) continue;
        add(open, bytes.subarray(from + 1, end));
        from = end;
        this.#close(open, tokens(ordersInPage), closed);
        open = emptyResponse();
      }
      if (from < bytes.length) add(open, bytes.subarray(from + 1));
      yield* this.#send(closed);
    }
    if (open.orders === 0) return;
    const last = new ClosedResponses();
    this.#close(open, tokens(ordersInPage), last);
    yield* this.#send(last);
  }

  async *#send(closed: ClosedResponses): AsyncGenerator<ExportOrdersResponse> {
    const sending = batch(closed.responses);
    try {
      yield* sending;
    } finally {
      this.#sent = closed.positionAfter(sending.taken, this.#sent);
    }
  }

  /**
   * Returns a function that makes the tokens of the next `count` orders after `sequence`. The digest has all orders up to
   * `sequence`.
   */
  #tokensAfter(sequence: number, count: number): (skip: number) => Uint8Array {
    const { start, sealPage } = this.#options;
    const { snapshot, total } = start;
    return sealPage({ position: toPosition(sequence), snapshot, total, digest: this.#digest.value }, count);
  }

  #close(open: OpenResponse, token: Uint8Array, closed: ClosedResponses): void {
    closed.add(this.#toMessage(open, token), open.orders, this.#digest.value);
  }

  #toMessage({ parts }: OpenResponse, resumeToken: Uint8Array): ExportOrdersResponse {
    if (this.#options.decode) {
      const response = fromBinary(ExportOrdersResponseSchema, joined(parts));
      response.resumeToken = resumeToken;
      return response;
    }
    const response = create(ExportOrdersResponseSchema);
    response.resumeToken = resumeToken;
    // The encoder writes the tag of the first order of a part. The tags of the other orders are in the bytes of the part.
    response.$unknown = parts.map((part) => ({
      no: ordersField,
      wireType: WireType.LengthDelimited,
      data: part,
    }));
    return response;
  }
}

/** The position of an export. */
interface ExportPosition {
  /** The number of orders before it. */
  readonly orders: number;
  readonly digest: Uint8Array;
  readonly token: Uint8Array;
}

/** The responses of a batch, with the position after each. */
class ClosedResponses {
  readonly responses: ExportOrdersResponse[] = [];
  readonly #orders: number[] = [];
  /** All digests in one buffer: many small allocations would take longer than the copies. */
  #digests = Buffer.allocUnsafe(digestBytes * targetPageOrders);

  /** Adds a response, with the number of its orders and the digest after it, which is copied. */
  add(response: ExportOrdersResponse, orders: number, digest: Uint8Array): void {
    const at = this.responses.push(response) - 1;
    this.#orders.push(orders);
    if ((at + 1) * digestBytes > this.#digests.length) {
      this.#digests = Buffer.concat([this.#digests], this.#digests.length * 2);
    }
    this.#digests.set(digest, at * digestBytes);
  }

  /** Returns the position of an export that was at `before` and has sent the first `count` responses. */
  positionAfter(count: number, before: ExportPosition): ExportPosition {
    const last = this.responses[count - 1];
    if (last === undefined) return before;
    const orders = this.#orders.slice(0, count).reduce((sum, each) => sum + each, before.orders);
    const digest = new Uint8Array(this.#digests.subarray((count - 1) * digestBytes, count * digestBytes));
    return { orders, digest, token: last.resumeToken };
  }
}

/** A response that is not full. */
interface OpenResponse {
  /** Stored orders, each with its tag except for the first of each part. */
  readonly parts: Uint8Array[];
  orders: number;
  bytes: number;
}

const digestBytes = 32;
const ordersField = ordersTag >> 3;

function emptyResponse(): OpenResponse {
  return { parts: [], orders: 0, bytes: 0 };
}

function add(response: OpenResponse, part: Uint8Array): void {
  response.parts.push(part);
  response.bytes += part.length;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts.flatMap((part) => [tag, part]));
}

const tag = Uint8Array.of(ordersTag);

const positionBytes = 6;

/** Encodes the last sent sequence as the position of a resume token. */
export function toPosition(sequence: number): Uint8Array {
  const bytes = Buffer.alloc(positionBytes);
  bytes.writeUIntBE(sequence, 0, positionBytes);
  return bytes;
}

/**
 * Converts the place of a token to a point: reads the orders between the point of the token and its position, and adds
 * them to the digest.
 */
export async function toPoint(
  { skip, ...point }: OpenedToken,
  { store, criteria, peer, signal }: { store: OrderStore; criteria: OrderCriteria; peer?: Peer; signal: AbortSignal },
): Promise<ResumePoint> {
  const digest = new ExportDigest(point.digest);
  let sequence = positionOf(point);
  let skipped = 0;
  const range = { after: sequence, snapshot: point.snapshot, pageSize: Math.max(1, skip), peer };
  for await (const { bytes } of skip === 0 ? [] : store.pages(criteria, range, signal)) {
    for (let at = 0; at < bytes.length && skipped < skip; skipped++) {
      const begin = startOfOrder(bytes, at);
      at = begin + readVarint(bytes, at + 1);
      digest.add(bytes, begin, at);
      sequence = readVarint(bytes, begin + 1);
    }
    if (skipped === skip) break;
  }
  return { ...point, position: toPosition(sequence), digest: new Uint8Array(digest.value) };
}

function positionOf({ position }: ResumePoint): number {
  return Buffer.from(position).readUIntBE(0, positionBytes);
}
