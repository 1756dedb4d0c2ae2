import { create, fromBinary } from "@bufbuild/protobuf";
import { WireType } from "@bufbuild/protobuf/wire";
import {
  type ExportOrdersResponse,
  ExportOrdersResponseSchema,
} from "../../../gen/bourse/order/v1/order_service_pb.ts";
import type { ResumePlace, ResumePoint } from "../../shared/resume-token.ts";
import type { Peer } from "../../transport/protection/shared-limit.ts";
import { batch } from "../../transport/rpc/batch.ts";
import type { OrderSelection } from "../order-selection.ts";
import { ordersTag, readVarint, startOfOrder } from "../store/order-bytes.ts";
import type { OrderStore } from "../store/order-store.ts";
import { RowDigest } from "./row-digest.ts";

/** How many orders are read at once, where a response has less: a millisecond of work. */
const usualPageOrders = 512;

/** A response with so many bytes gets no further order, so that it is no larger than a message may be. */
export const maxResponseBytes = 1024 * 1024;

/** What is exported, and how. */
export interface OrderExportOptions {
  readonly store: OrderStore;
  readonly selection: OrderSelection;
  /** The client that reads. */
  readonly peer?: Peer;
  /** Where to begin. */
  readonly start: ResumePoint;
  /** The most orders of a response, at least 1. */
  readonly batchSize: number;
  /** Makes the resume tokens of places at most `count` orders behind a point. */
  readonly sealPage: (point: ResumePoint, count: number) => (skip: number) => Uint8Array;
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
  /** Where the responses that were sent end. */
  #sent: Place;

  constructor(options: OrderExportOptions) {
    this.#options = options;
    const { start, sealPage } = options;
    this.#digest = new RowDigest(start.digest);
    this.#sent = { orders: 0, digest: start.digest, token: sealPage(start, 0)(0) };
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
    const { store, selection, peer, start, batchSize } = this.#options;
    const pageSize = batchSize * Math.max(1, Math.floor(usualPageOrders / batchSize));
    const range = { after: positionOf(start), snapshot: start.snapshot, pageSize, peer };
    let sequence = range.after;
    let open = emptyResponse();
    let tokens = this.#tokensBehind(sequence, 0);
    let inPage = 0;
    for await (const { bytes, count } of store.pages(selection, range, signal)) {
      const closed = new ClosedResponses();
      tokens = this.#tokensBehind(sequence, count);
      inPage = 0;
      let from = 0;
      for (let at = 0; at < bytes.length; ) {
        const begin = startOfOrder(bytes, at);
        const end = begin + readVarint(bytes, at + 1);
        this.#digest.add(bytes, begin, end);
        open.orders++;
        inPage++;
        sequence = readVarint(bytes, begin + 1);
        at = end;
        if (open.orders < batchSize && open.bytes + end - from < maxResponseBytes) continue;
        add(open, bytes.subarray(from + 1, end));
        from = end;
        this.#close(open, tokens(inPage), closed);
        open = emptyResponse();
      }
      if (from < bytes.length) add(open, bytes.subarray(from + 1));
      yield* this.#send(closed);
    }
    if (open.orders === 0) return;
    const last = new ClosedResponses();
    this.#close(open, tokens(inPage), last);
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

  /** Makes the tokens of places among the next `count` orders behind `sequence`, which all were hashed. */
  #tokensBehind(sequence: number, count: number): (skip: number) => Uint8Array {
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

/** The position of an export in a token: the last sequence that was sent. */
export function toPosition(sequence: number): Uint8Array {
  const bytes = Buffer.alloc(positionBytes);
  bytes.writeUIntBE(sequence, 0, positionBytes);
  return bytes;
}

/** The point that a place stands for: reads what is behind its point and was delivered as well, to hash it. */
export async function toPoint(
  { skip, ...point }: ResumePlace,
  {
    store,
    selection,
    peer,
    signal,
  }: { store: OrderStore; selection: OrderSelection; peer?: Peer; signal: AbortSignal },
): Promise<ResumePoint> {
  const digest = new RowDigest(point.digest);
  let sequence = positionOf(point);
  let skipped = 0;
  const range = { after: sequence, snapshot: point.snapshot, pageSize: Math.max(1, skip), peer };
  for await (const { bytes } of skip === 0 ? [] : store.pages(selection, range, signal)) {
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
