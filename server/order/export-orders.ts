import { hash } from "node:crypto";
import { create, fromBinary } from "@bufbuild/protobuf";
import { WireType } from "@bufbuild/protobuf/wire";
import { type ExportOrdersResponse, ExportOrdersResponseSchema } from "../../gen/bourse/order/v1/order_service_pb.ts";
import type { ResumePoint } from "../resume-token.ts";
import { batch } from "../transport/batch.ts";
import { ordersTag, readVarint, startOfOrder } from "./order-bytes.ts";
import type { OrderSelection } from "./order-selection.ts";
import type { OrderStore } from "./order-store.ts";

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
  /** Where responses that were taken end. */
  #progress: Place;
  /** The digest before the next order, and behind it that order: what is hashed. */
  #scratch = Buffer.alloc(initialScratchBytes);

  constructor(options: OrderExportOptions) {
    this.#options = options;
    const { start } = options;
    this.#progress = { sent: 0, digest: Buffer.from(start.digest).toString("latin1"), token: options.seal(start) };
    this.#scratch.set(start.digest);
  }

  /** How many orders were sent. */
  get sent(): number {
    return this.#progress.sent;
  }

  /** The running digest from the first order of the selection to the last that was sent, in lower-case hex. */
  get digest(): string {
    return Buffer.from(this.#progress.digest, "latin1").toString("hex");
  }

  /** The token of the place behind the last response that was sent. */
  get token(): Uint8Array {
    return this.#progress.token;
  }

  /** Yields the responses. May be read once. Throws the signal's reason before the next page. */
  async *responses(signal: AbortSignal): AsyncGenerator<ExportOrdersResponse> {
    const { store, selection, start, batchSize } = this.#options;
    const pageSize = batchSize * Math.max(1, Math.floor(usualPageOrders / batchSize));
    const range = { after: positionOf(start), snapshot: start.snapshot, pageSize };
    let open: OpenResponse = { parts: [], orders: 0, bytes: 0, sequence: range.after };
    let ordered = 0;
    for await (const { bytes } of store.pages(selection, range, signal)) {
      const closed: ExportOrdersResponse[] = [];
      const places: Place[] = [];
      let from = 0;
      for (let at = 0; at < bytes.length; ) {
        const begin = startOfOrder(bytes, at);
        const end = begin + readVarint(bytes, at + 1);
        this.#digest(bytes, begin, end);
        ordered++;
        open.orders++;
        open.sequence = readVarint(bytes, begin + 1);
        at = end;
        if (open.orders < batchSize && open.bytes + end - from < maxResponseBytes) continue;
        add(open, bytes.subarray(from, end));
        from = end;
        const place = this.#place(open.sequence, ordered);
        closed.push(this.#close(open, place.token));
        places.push(place);
        open = { parts: [], orders: 0, bytes: 0, sequence: open.sequence };
      }
      if (from < bytes.length) add(open, bytes.subarray(from));
      yield* this.#send(closed, places);
    }
    if (open.orders === 0) return;
    const place = this.#place(open.sequence, ordered);
    yield* this.#send([this.#close(open, place.token)], [place]);
  }

  async *#send(responses: readonly ExportOrdersResponse[], places: readonly Place[]) {
    const sending = batch(responses);
    try {
      yield* sending;
    } finally {
      this.#progress = places[sending.taken - 1] ?? this.#progress;
    }
  }

  /** Adds an order to the running digest, which stands at the beginning of the scratch. */
  #digest(bytes: Uint8Array, begin: number, end: number): void {
    const length = digestBytes + end - begin;
    if (length > this.#scratch.length) this.#scratch = Buffer.concat([this.#scratch], length * 2);
    const scratch = this.#scratch;
    for (let from = begin, to = digestBytes; from < end; ) scratch[to++] = bytes[from++] ?? 0;
    scratch.write(hash("sha256", scratch.subarray(0, length), "binary"), 0, digestBytes, "latin1");
  }

  #place(sequence: number, sent: number): Place {
    const { start, seal } = this.#options;
    const digest = this.#scratch.subarray(0, digestBytes);
    const point = { position: toPosition(sequence), snapshot: start.snapshot, total: start.total, digest };
    return { sent, digest: digest.toString("latin1"), token: seal(point) };
  }

  #close({ parts, bytes }: OpenResponse, resumeToken: Uint8Array): ExportOrdersResponse {
    if (this.#options.decode) {
      const response = fromBinary(ExportOrdersResponseSchema, joined(parts, bytes));
      response.resumeToken = resumeToken;
      return response;
    }
    const response = create(ExportOrdersResponseSchema);
    response.resumeToken = resumeToken;
    // The tag is written by the encoder; those of further orders are part of the bytes.
    response.$unknown = parts.map((part) => ({
      no: ordersField,
      wireType: WireType.LengthDelimited,
      data: part.subarray(1),
    }));
    return response;
  }
}

/** Where an export has got to. */
interface Place {
  readonly sent: number;
  /** 32 bytes, a character each. */
  readonly digest: string;
  readonly token: Uint8Array;
}

/** A response that takes more orders. */
interface OpenResponse {
  readonly parts: Uint8Array[];
  orders: number;
  bytes: number;
  /** That of its last order. */
  sequence: number;
}

const digestBytes = 32;
const initialScratchBytes = 1_024;
const ordersField = ordersTag >> 3;

function add(response: OpenResponse, part: Uint8Array): void {
  response.parts.push(part);
  response.bytes += part.length;
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  return Buffer.concat(parts, length);
}

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
