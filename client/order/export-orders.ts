import { type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { type Client, Code, ConnectError } from "@connectrpc/connect";
import { type Order, type OrderFilterSchema, OrderSchema } from "../../gen/bourse/order/v1/order_pb.ts";
import type { ExportOrdersResponse, OrderService } from "../../gen/bourse/order/v1/order_service_pb.ts";
import { IdleTimeout } from "../shared/idle-timeout.ts";
import { defaultSilenceMs, ReconnectingCall, type ReconnectingCallOptions } from "../shared/reconnecting-call.ts";
import { systemTimers } from "../shared/timers.ts";
import { DigestChain, type Sha256 } from "./digest-chain.ts";

/** Where an export stands. Whoever keeps it can go on from it later, in another process too. */
export interface ExportPosition {
  /** What the server gave for it. */
  readonly token: Uint8Array;
  /** How many orders came before. */
  readonly received: number;
  /** The running digest of them, in lower-case hex. */
  readonly digest: string;
}

export interface ExportOrdersOptions extends ReconnectingCallOptions {
  /** Which orders. Default: all. */
  readonly filter?: MessageInitShape<typeof OrderFilterSchema>;
  /** The most orders at a time, from 1 to 1,000. Default: 1,000. */
  readonly batchSize?: number;
  /** Where to go on, with the same filter. Default: from the first order on. */
  readonly from?: ExportPosition;
  /** Where the platform has a faster one; the default is written in JavaScript. */
  readonly sha256?: Sha256;
  /** Takes the headers of each stream. */
  readonly onHeader?: (header: Headers) => void;
  /** Takes the trailers of each stream that ended with some. */
  readonly onTrailer?: (trailer: Headers) => void;
}

/** Some orders of an export, by their sequence, and the place behind them. */
export interface ExportedOrders {
  readonly orders: readonly Order[];
  readonly position: ExportPosition;
  /** How many orders the whole export has. */
  readonly total: number;
}

/** An export that is complete and proven to be. */
export interface ExportSummary {
  readonly count: number;
  /** The digest of all orders, in lower-case hex. */
  readonly sha256: string;
}

/** The export ended, but what was received is not what the server says it sent. */
export class ExportMismatchError extends Error {
  override name = "ExportMismatchError";
  readonly received: ExportSummary;
  readonly announced: ExportSummary;

  constructor(received: ExportSummary, announced: ExportSummary) {
    super(
      `the export is not what the server sent: ${received.count} orders with digest ${received.sha256} came of ` +
        `${announced.count} with ${announced.sha256}: export again`,
    );
    this.received = received;
    this.announced = announced;
  }
}

const defaultBatchSize = 1_000;

type OrderClient = Pick<Client<typeof OrderService>, "exportOrders">;

/**
 * Exports orders for as long as it takes: a stream that breaks, falls silent or is ended by the server is taken up again
 * where it was, after a while that grows, over the same snapshot. It reads on only when the loop asks. At its end count
 * and digest are compared with the server's, over all orders from the first one on. Runs in browsers and in Node, on any
 * Connect transport.
 *
 * Throws what another attempt cannot mend, such as INVALID_ARGUMENT; CANCELED when the signal aborts; and an
 * {@link ExportMismatchError}. What is complete returns its summary.
 */
export async function* exportOrders(
  client: OrderClient,
  options: ExportOrdersOptions = {},
): AsyncGenerator<ExportedOrders, ExportSummary, undefined> {
  const run = new OrdersExport(client, options);
  const attempts = new ReconnectingCall(options);
  for (;;) {
    attempts.begin();
    const reason = yield* run.attempt(attempts);
    if (reason === undefined) return run.summary;
    await attempts.fail(reason);
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

  /** One stream, to its end. Returns why it broke; undefined: it did not, and all is well. */
  async *attempt(attempts: ReconnectingCall): AsyncGenerator<ExportedOrders, ConnectError | undefined, undefined> {
    const { filter, batchSize = defaultBatchSize, signal, timers = systemTimers } = this.#options;
    const { silenceMs = defaultSilenceMs, onHeader, onTrailer } = this.#options;
    const attempt = new AbortController();
    const watchdog = new IdleTimeout(timers, silenceMs, () =>
      attempt.abort(new ConnectError(`nothing came for ${silenceMs / 1000} s`, Code.Unavailable)),
    );
    let trailer = new Headers();
    const responses = this.#client
      .exportOrders(
        { ...(filter !== undefined && { filter }), batchSize, resumeToken: this.#token },
        {
          signal: signal === undefined ? attempt.signal : AbortSignal.any([signal, attempt.signal]),
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
    try {
      for (;;) {
        watchdog.listen();
        const next = await responses.next().catch((reason: unknown) => ConnectError.from(reason));
        watchdog.hear();
        if (attempt.signal.aborted) return attempt.signal.reason;
        if (next instanceof ConnectError) return next;
        attempts.succeed();
        if (next.done) break;
        yield this.#take(next.value);
      }
      this.#verify(trailer);
      return undefined;
    } finally {
      watchdog.stop();
      attempt.abort();
    }
  }

  #take({ orders, resumeToken }: ExportOrdersResponse): ExportedOrders {
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
