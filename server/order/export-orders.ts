import { create, fromBinary } from "@bufbuild/protobuf";
import { WireType } from "@bufbuild/protobuf/wire";
import { type ExportOrdersResponse, ExportOrdersResponseSchema } from "../../gen/bourse/order/v1/order_service_pb.ts";
import type { ResumePoint } from "../resume-token.ts";
import { batch } from "../transport/batch.ts";
import { ordersTag, readVarint, startOfOrder } from "./order-bytes.ts";
import type { OrderSelection } from "./order-selection.ts";
import type { OrderStore } from "./order-store.ts";
import { RowDigest } from "./row-digest.ts";

/** How many orders are read at once, where a response has less: half a millisecond of work. */
const usualPageOrders = 256;

/** A response with so many bytes gets no further order, so that it is no larger than a message may be. */
export const maxResponseBytes = 1024 * 1024;

/** What is exported, and how. */
export interface OrderExportOptions {
  readonly store: OrderStore;
  readonly selection: OrderSelection;
  /** Where to begin. */
  readonly start: ResumePoint;
  /** The most orders of a response, at least 1. */
  readonly batchSize: number;
  /** Makes a resume token. */
  readonly seal: (point: ResumePoint) => Uint8Array;
  /** Whether responses are read by more than an encoder to binary, as for JSON: their orders are then decoded. */
  readonly decode: boolean;
}

/**
 * An export that runs: its responses, and how far it has got.
 *
 * An order goes out as the bytes that are stored: its response carries them as a field that it does not look into, which
 * every encoder to binary writes as it is. To make a message of each order and bytes of each message would take three
 * times as long.
 */
export class OrderExport {
  readonly #options: OrderExportOptions;
  readonly #digest: RowDigest;
  readonly #position = Buffer.alloc(positionBytes);
  /** Where the responses that were sent end. */
  #sent: Place;

  constructor(options: OrderExportOptions) {
    this.#options = options;
    const { start, seal } = options;
    this.#digest = new RowDigest(start.digest);
    this.#sent = { orders: 0, digest: start.digest, token: seal(start) };
  }

  /** How many orders were sent. */
  get sent(): number {
    return this.#sent.orders;
  }

  /** The running digest from the first order of the selection to the last that was sent, in lower-case hex. */
  get digest(): string {
    return Buffer.from(this.#sent.digest).toString("hex");
  }

  /** The token of the place behind the last response that was sent. */
  get token(): Uint8Array {
    return this.#sent.token;
  }

  /** Yields the responses. May be read once. Throws the signal's reason before the next page. */
  async *responses(signal: AbortSignal): AsyncGenerator<ExportOrdersResponse> {
    const { store, selection, start, batchSize } = this.#options;
    const pageSize = batchSize * Math.max(1, Math.floor(usualPageOrders / batchSize));
    const range = { after: positionOf(start), snapshot: start.snapshot, pageSize };
    let open = emptyResponse(range.after);
    for await (const { bytes } of store.pages(selection, range, signal)) {
      const closed = new ClosedResponses();
      let from = 0;
      for (let at = 0; at < bytes.length; ) {
        const begin = startOfOrder(bytes, at);
        const end = begin + readVarint(bytes, at + 1);
        this.#digest.add(bytes, begin, end);
        open.orders++;
        open.sequence = readVarint(bytes, begin + 1);
        at = end;
        if (open.orders < batchSize && open.bytes + end - from < maxResponseBytes) continue;
        add(open, bytes.subarray(from + 1, end));
        from = end;
        this.#close(open, closed);
        open = emptyResponse(open.sequence);
      }
      if (from < bytes.length) add(open, bytes.subarray(from + 1));
      yield* this.#send(closed);
    }
    if (open.orders === 0) return;
    const last = new ClosedResponses();
    this.#close(open, last);
    yield* this.#send(last);
  }

  async *#send(closed: ClosedResponses): AsyncGenerator<ExportOrdersResponse> {
    const sending = batch(closed.responses);
    try {
      yield* sending;
    } finally {
      this.#sent = closed.placeAfter(sending.taken, this.#sent);
    }
  }

  #close(open: OpenResponse, closed: ClosedResponses): void {
    const { start, seal } = this.#options;
    this.#position.writeUIntBE(open.sequence, 0, positionBytes);
    const { value: digest } = this.#digest;
    const token = seal({ position: this.#position, snapshot: start.snapshot, total: start.total, digest });
    closed.add(this.#toMessage(open, token), open.orders, digest);
  }

  #toMessage({ parts }: OpenResponse, resumeToken: Uint8Array): ExportOrdersResponse {
    if (this.#options.decode) {
      const response = fromBinary(ExportOrdersResponseSchema, joined(parts));
      response.resumeToken = resumeToken;
      return response;
    }
    const response = create(ExportOrdersResponseSchema);
    response.resumeToken = resumeToken;
    // The tag is written by the encoder; those of further orders are part of the bytes.
    response.$unknown = parts.map((part) => ({
      no: ordersField,
      wireType: WireType.LengthDelimited,
      data: part,
    }));
    return response;
  }
}

/** Where an export has got to. */
interface Place {
  readonly orders: number;
  readonly digest: Uint8Array;
  readonly token: Uint8Array;
}

/** Responses that are to be sent together, and where each of them ends. */
class ClosedResponses {
  readonly responses: ExportOrdersResponse[] = [];
  readonly #orders: number[] = [];
  /** One after another: to keep many short pieces of memory would take longer than to write them. */
  #digests = Buffer.allocUnsafe(digestBytes * usualPageOrders);

  /** @param digest is copied */
  add(response: ExportOrdersResponse, orders: number, digest: Uint8Array): void {
    const at = this.responses.push(response) - 1;
    this.#orders.push(orders);
    if ((at + 1) * digestBytes > this.#digests.length) {
      this.#digests = Buffer.concat([this.#digests], this.#digests.length * 2);
    }
    this.#digests.set(digest, at * digestBytes);
  }

  /** Where an export stands that was at `before` and has sent the first `count` of these. */
  placeAfter(count: number, before: Place): Place {
    const last = this.responses[count - 1];
    if (last === undefined) return before;
    const orders = this.#orders.slice(0, count).reduce((sum, each) => sum + each, before.orders);
    const digest = new Uint8Array(this.#digests.subarray((count - 1) * digestBytes, count * digestBytes));
    return { orders, digest, token: last.resumeToken };
  }
}

/** A response that takes more orders. */
interface OpenResponse {
  /** Orders one after another, each with its tag before it, except for the first of a part. */
  readonly parts: Uint8Array[];
  orders: number;
  bytes: number;
  /** That of its last order. */
  sequence: number;
}

const digestBytes = 32;
const ordersField = ordersTag >> 3;

function emptyResponse(sequence: number): OpenResponse {
  return { parts: [], orders: 0, bytes: 0, sequence };
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

/** The position of an export in a token: the last sequence that was sent. */
export function toPosition(sequence: number): Uint8Array {
  const bytes = Buffer.alloc(positionBytes);
  bytes.writeUIntBE(sequence, 0, positionBytes);
  return bytes;
}

function positionOf({ position }: ResumePoint): number {
  return Buffer.from(position).readUIntBE(0, positionBytes);
}
