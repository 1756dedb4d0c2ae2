import { type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { type Client, ConnectError } from "@connectrpc/connect";
import { type Order, type OrderFilterSchema, OrderSchema } from "../../gen/bourse/order/v1/order_pb.ts";
import type { ExportOrdersResponse, OrderService } from "../../gen/bourse/order/v1/order_service_pb.ts";
import { CallAttempt } from "../shared/call-attempt.ts";
import { type CallRetryOptions, CallRetryTracker } from "../shared/call-retry-tracker.ts";
import { DigestChain, type Sha256 } from "./digest-chain.ts";

/** A position in an export. An export can be resumed from it, in another process too. */
export interface ExportPosition {
  /** The resume token of the server. */
  readonly token: Uint8Array;
  /** How many orders precede it. */
  readonly received: number;
  /** The running digest of those orders, in lower-case hex. */
  readonly digest: string;
}

/** The selection of an export, its start, and how it reconnects. */
export interface ExportOrdersOptions extends CallRetryOptions {
  /** Selects orders. Default: all. */
  readonly filter?: MessageInitShape<typeof OrderFilterSchema>;
  /** The maximum number of orders in one response, from 1 to 1,000. Default: 1,000. */
  readonly batchSize?: number;
  /** Resumes an export with the same filter. Default: starts with the first order. */
  readonly from?: ExportPosition;
  /** A faster SHA-256 of the platform. Default: one in JavaScript. */
  readonly sha256?: Sha256;
  /** Receives the headers of each stream. */
  readonly onHeader?: (header: Headers) => void;
  /** Receives the trailers of each stream that ends with trailers. */
  readonly onTrailer?: (trailer: Headers) => void;
}

/** A batch of orders in the order of their sequence, and the position after it. */
export interface ExportedOrders {
  readonly orders: readonly Order[];
  readonly position: ExportPosition;
  /** How many orders the whole export has. */
  readonly total: number;
}

/** The result of a complete, verified export. */
export interface ExportSummary {
  readonly count: number;
  /** The digest of all orders, in lower-case hex. */
  readonly sha256: string;
}

/** The export has ended, but count or digest differ from those that the server has sent. */
export class ExportMismatchError extends Error {
  override name = "ExportMismatchError";
  readonly received: ExportSummary;
  readonly announced: ExportSummary;

  constructor(received: ExportSummary, announced: ExportSummary) {
    super(
      `the export differs from the server's: received ${received.count} orders with digest ${received.sha256}, but the server ` +
        `announced ${announced.count} with ${announced.sha256}: export again`,
    );
    this.received = received;
    this.announced = announced;
  }
}

const defaultBatchSize = 1_000;

type OrderClient = Pick<Client<typeof OrderService>, "exportOrders">;

/**
 * Exports orders, and reconnects as often as necessary: if a stream breaks, is idle for too long or is ended by the
 * server, the export resumes from its position in the same snapshot, after an exponential back-off. A loop that is slow
 * exerts back-pressure. At the end, the count and the digest of all orders, from the first one, are compared with the
 * server's. Runs in browsers and in Node, on any Connect transport.
 *
 * Returns the summary of the complete export. Throws errors that are not retryable, such as INVALID_ARGUMENT; CANCELED
 * if the signal aborts; and {@link ExportMismatchError}.
 */
export async function* exportOrders(
  client: OrderClient,
  options: ExportOrdersOptions = {},
): AsyncGenerator<ExportedOrders, ExportSummary, undefined> {
  const run = new OrdersExport(client, options);
  const call = new CallRetryTracker(options);
  for (;;) {
    const result = yield* run.attempt(call);
    if (result === "complete") return run.summary;
    await call.waitToRetry(result);
  }
}

class OrdersExport {
  readonly #client: OrderClient;
  readonly #options: ExportOrdersOptions;
  readonly #digest: DigestChain;
  #token: Uint8Array;
  #received: number;
  #total = 0;

  constructor(client: OrderClient, options: ExportOrdersOptions) {
    const { from, sha256 } = options;
    this.#client = client;
    this.#options = options;
    this.#digest = new DigestChain(sha256, from?.digest);
    this.#token = from?.token ?? new Uint8Array();
    this.#received = from?.received ?? 0;
  }

  get summary(): ExportSummary {
    return { count: this.#received, sha256: this.#digest.hex };
  }

  /** Reads one stream to its end. Returns why it failed, or that the export is complete and verified. */
  async *attempt(call: CallRetryTracker): AsyncGenerator<ExportedOrders, ConnectError | "complete", undefined> {
    const { filter, batchSize = defaultBatchSize, onHeader, onTrailer } = this.#options;
    call.begin();
    using attempt = new CallAttempt(this.#options);
    let trailer = new Headers();
    const responses = this.#client
      .exportOrders(
        { ...(filter !== undefined && { filter }), batchSize, resumeToken: this.#token },
        {
          signal: attempt.signal,
          onHeader: (header) => {
            this.#total = Number(header.get("bourse-total-count"));
            onHeader?.(header);
          },
          onTrailer: (received) => {
            trailer = received;
            onTrailer?.(received);
          },
        },
      )
      [Symbol.asyncIterator]();
    for (;;) {
      attempt.idleTimeout.start();
      const next = await attempt.read(responses);
      if (next instanceof ConnectError) return next;
      call.succeed();
      call.report("live");
      if (next.done) break;
      yield this.#add(next.value);
    }
    this.#verify(trailer);
    return "complete";
  }

  #add({ orders, resumeToken }: ExportOrdersResponse): ExportedOrders {
    for (const order of orders) this.#digest.add(toBinary(OrderSchema, order));
    this.#token = resumeToken;
    this.#received += orders.length;
    const position = { token: resumeToken, received: this.#received, digest: this.#digest.hex };
    return { orders, position, total: this.#total };
  }

  #verify(trailer: Headers): void {
    const announced = { count: this.#total, sha256: trailer.get("bourse-sha256") ?? "no digest" };
    const { count, sha256 } = this.summary;
    if (count !== announced.count || sha256 !== announced.sha256)
      throw new ExportMismatchError(this.summary, announced);
  }
}
