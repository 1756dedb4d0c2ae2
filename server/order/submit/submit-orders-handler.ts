import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  AcceptedOrderSchema,
  type Order,
  OrderSchema,
  RejectionReason,
} from "../../../gen/bourse/order/v1/order_pb.ts";
import {
  type SubmitOrdersRequest,
  type SubmitOrdersResponse,
  SubmitOrdersResponseSchema,
} from "../../../gen/bourse/order/v1/order_service_pb.ts";
import type { Peer } from "../../transport/protection/shared-limit.ts";
import { batch } from "../../transport/rpc/yield-batch.ts";
import { OrderTotalsByCurrency } from "../order-totals-by-currency.ts";
import { encodeNewOrder } from "./encode-new-order.ts";
import { findOrderViolations } from "./find-order-violations.ts";
import type { OrderIntake, SubmitOutcome } from "./order-intake.ts";

/** The maximum number of orders of a stream without a sent response. At the limit the stream is not read further. */
export const maxUnansweredOrders = 2_048;

export interface SubmitOptions {
  /** The client that submits. */
  readonly peer?: Peer;
  /** Stops the stream: it reads no further requests. */
  readonly signal: AbortSignal;
  /** Called at the start, with a function that returns whether an order waits for its response. */
  readonly onStart?: (hasPendingOrders: () => boolean) => void;
}

/**
 * Implements SubmitOrders: submits orders as they arrive, and yields the responses in the order of the requests, each as
 * soon as its order is on the disk.
 *
 * Ends after the response to the last order. If the requests fail, it then throws their error; if the signal aborts, it
 * reads no further requests, yields the responses to the orders that it has read, and throws the reason.
 */
export async function* submitOrders(
  requests: AsyncIterable<SubmitOrdersRequest>,
  intake: OrderIntake,
  { peer, signal, onStart }: SubmitOptions,
): AsyncGenerator<SubmitOrdersResponse> {
  const stream = new SubmitStream(intake, peer);
  onStart?.(() => stream.hasPendingOrders);
  const reading = stream.readAll(requests);
  reading.catch(() => {}); // thrown by the await below, after the responses to the earlier orders
  const onAbort = () => stream.stop();
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort);
  try {
    for (;;) {
      const responses = stream.takeResponses();
      if (responses.length > 0) yield* batch(responses);
      else if (stream.isComplete) break;
      else await stream.waitForChange();
    }
    signal.throwIfAborted();
    await reading;
  } finally {
    signal.removeEventListener("abort", onAbort);
    stream.stop();
  }
}

/**
 * An order without a sent response. It does not hold the order: a rejected one may be as large as a message, and a stream
 * holds thousands of entries if its client is stalled.
 */
interface Entry {
  /** Added to the totals if the order is stored; undefined if the order is invalid. */
  readonly amount: Pick<Order, "quantity" | "unitPrice"> | undefined;
  /** Undefined until the order is committed or rejected. */
  outcome:
    | SubmitOutcome
    | { readonly kind: "invalid"; readonly violations: ReturnType<typeof findOrderViolations> }
    | undefined;
}

class SubmitStream {
  readonly #intake: OrderIntake;
  readonly #peer: Peer;
  readonly #totals = new OrderTotalsByCurrency();
  readonly #counts = { accepted: 0n, duplicates: 0n, rejected: 0n };
  #entries: Entry[] = [];
  #index = 0n;
  #state: "reading" | "read" | "stopped" = "reading";
  #changed = Promise.withResolvers<void>();
  #taken = Promise.withResolvers<void>();

  constructor(intake: OrderIntake, peer: Peer) {
    this.#intake = intake;
    this.#peer = peer;
  }

  /** Whether the requests have ended and all their responses were taken. */
  get isComplete(): boolean {
    return this.#state !== "reading" && this.#entries.length === 0;
  }

  /** Whether an order waits for its response. */
  get hasPendingOrders(): boolean {
    return this.#entries.length > 0;
  }

  /** Resolves when responses may be ready, or the requests have ended. */
  async waitForChange(): Promise<void> {
    await this.#changed.promise;
    this.#changed = Promise.withResolvers();
  }

  /** Reads no further requests. */
  stop(): void {
    this.#state = "stopped";
    this.#taken.resolve();
    this.#changed.resolve();
  }

  /** Reads and submits the orders of all requests, until the requests end or {@link stop} is called. */
  async readAll(requests: AsyncIterable<SubmitOrdersRequest>): Promise<void> {
    try {
      for await (const { order } of requests) {
        if (this.#state === "stopped") return;
        const capacity = this.#submit(order ?? create(OrderSchema));
        if (capacity !== undefined) await capacity;
        while (this.#entries.length >= maxUnansweredOrders && this.#state === "reading") await this.#waitForCapacity();
      }
    } finally {
      if (this.#state === "reading") this.#state = "read";
      this.#changed.resolve();
    }
  }

  /**
   * Removes and returns the responses that are ready, up to the first order without an outcome. Throws the error of an
   * order that failed, after the responses before it were taken.
   */
  takeResponses(): SubmitOrdersResponse[] {
    const firstPending = this.#entries.findIndex(({ outcome }) => outcome === undefined);
    const settled = firstPending === -1 ? this.#entries : this.#entries.slice(0, firstPending);
    if (settled.length === 0) return [];
    this.#entries = firstPending === -1 ? [] : this.#entries.slice(firstPending);
    this.#taken.resolve();
    const responses: SubmitOrdersResponse[] = [];
    for (const entry of settled) {
      if (entry.outcome?.kind === "failed") {
        if (responses.length === 0) throw entry.outcome.error;
        this.#entries = [entry]; // the next call throws its error
        return responses;
      }
      responses.push(this.#toResponse(entry));
    }
    return responses;
  }

  /** Submits an order. Returns a promise if the next one must wait for capacity. */
  #submit(order: Order): Promise<void> | undefined {
    const violations = findOrderViolations(order);
    if (violations.length > 0) {
      this.#entries.push({ amount: undefined, outcome: { kind: "invalid", violations } });
      this.#changed.resolve();
      return undefined;
    }
    const valid = encodeNewOrder(order);
    const { quantity, unitPrice } = valid.order;
    const entry: Entry = { amount: { quantity, unitPrice }, outcome: undefined };
    this.#entries.push(entry);
    const settle = (outcome: SubmitOutcome) => {
      entry.outcome = outcome;
      this.#changed.resolve();
    };
    return this.#intake.submit({ ...valid, settle }, this.#peer);
  }

  async #waitForCapacity(): Promise<void> {
    await this.#taken.promise;
    this.#taken = Promise.withResolvers();
  }

  #toResponse({ amount, outcome }: Entry): SubmitOrdersResponse {
    const response = create(SubmitOrdersResponseSchema);
    response.index = this.#index++;
    if (outcome?.kind === "stored" && amount !== undefined) {
      const { sequence, duplicate } = outcome;
      this.#counts.accepted++;
      if (duplicate) this.#counts.duplicates++;
      this.#totals.addOrder(amount);
      response.total = this.#totals.of(amount.unitPrice?.currencyCode ?? "");
      response.result = acceptedResult(BigInt(sequence), duplicate);
    } else {
      this.#counts.rejected++;
      const rejected = outcome?.kind === "invalid" ? invalid(outcome.violations) : keyTaken;
      response.result = create(SubmitOrdersResponseSchema, { result: { case: "rejected", value: rejected } }).result;
    }
    response.acceptedCount = this.#counts.accepted;
    response.duplicateCount = this.#counts.duplicates;
    response.rejectedCount = this.#counts.rejected;
    return response;
  }
}

type Rejected = Extract<
  NonNullable<MessageInitShape<typeof SubmitOrdersResponseSchema>["result"]>,
  { case: "rejected" }
>;

function acceptedResult(sequence: bigint, duplicate: boolean): SubmitOrdersResponse["result"] {
  return { case: "accepted", value: create(AcceptedOrderSchema, { sequence, duplicate }) };
}

function invalid(violations: ReturnType<typeof findOrderViolations>): Rejected["value"] {
  return { reason: RejectionReason.INVALID, violations: [...violations] };
}

const keyTaken: Rejected["value"] = {
  reason: RejectionReason.KEY_TAKEN,
  violations: [{ field: "key", description: "another order with other content has this key: choose another key" }],
};
