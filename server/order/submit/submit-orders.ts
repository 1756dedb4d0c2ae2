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
import { batch } from "../../transport/rpc/batch.ts";
import { OrderTotals } from "../order-totals.ts";
import { newOrder } from "./new-order.ts";
import type { OrderIntake, SubmitOutcome } from "./order-intake.ts";
import { violationsOf } from "./order-rules.ts";

/** How many orders of a stream may be unanswered, or their answers not taken: then the stream reads no further. */
export const maxUnansweredOrders = 2_048;

/** Whose orders are submitted, and how long. */
export interface SubmitOptions {
  readonly peer?: Peer;
  readonly signal: AbortSignal;
  /** Called at the start, with a function that returns whether the client waits for an answer. */
  readonly onStart?: (isOwed: () => boolean) => void;
}

/**
 * SubmitOrders: takes orders as they come, and answers them in their order as soon as they are on the disk, while more
 * come. The stream ends when all are answered; where the requests fail, with their error, after that, and where the
 * signal aborts, with its reason, when what was taken until then is answered.
 */
export async function* submitOrders(
  requests: AsyncIterable<SubmitOrdersRequest>,
  intake: OrderIntake,
  { peer, signal, onStart }: SubmitOptions,
): AsyncGenerator<SubmitOrdersResponse> {
  const stream = new SubmitStream(intake, peer);
  onStart?.(() => stream.isOwed);
  const reading = stream.readAll(requests);
  reading.catch(() => {}); // told by the await at the end, when all that came before is answered
  const onAbort = () => stream.stop();
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort);
  try {
    for (;;) {
      const answers = stream.takeAnswers();
      if (answers.length > 0) yield* batch(answers);
      else if (stream.isAnswered) break;
      else await stream.change();
    }
    signal.throwIfAborted();
    await reading;
  } finally {
    signal.removeEventListener("abort", onAbort);
    stream.stop();
  }
}

/**
 * What an order came to that was read, once that is known, and what is added up of it. Not the order: one that is
 * refused may be as large as a message, and a thousand of them wait for a reader who does not read.
 */
interface Entry {
  readonly amount: Pick<Order, "quantity" | "unitPrice"> | undefined;
  answer:
    | SubmitOutcome
    | { readonly kind: "invalid"; readonly violations: ReturnType<typeof violationsOf> }
    | undefined;
}

class SubmitStream {
  readonly #intake: OrderIntake;
  readonly #peer: Peer;
  readonly #totals = new OrderTotals();
  readonly #counts = { accepted: 0n, duplicates: 0n, rejected: 0n };
  #entries: Entry[] = [];
  #index = 0n;
  #state: "reading" | "read" | "stopped" = "reading";
  #changed = Promise.withResolvers<void>();
  #roomMade = Promise.withResolvers<void>();

  constructor(intake: OrderIntake, peer: Peer) {
    this.#intake = intake;
    this.#peer = peer;
  }

  /** Whether no more requests and no more answers are to come. */
  get isAnswered(): boolean {
    return this.#state !== "reading" && this.#entries.length === 0;
  }

  /** Whether an order was taken that is not answered. */
  get isOwed(): boolean {
    return this.#entries.length > 0;
  }

  /** Resolves when there may be answers, or no more requests. */
  async change(): Promise<void> {
    await this.#changed.promise;
    this.#changed = Promise.withResolvers();
  }

  /** Takes no more requests. What was taken is answered. */
  stop(): void {
    this.#state = "stopped";
    this.#roomMade.resolve();
    this.#changed.resolve();
  }

  async readAll(requests: AsyncIterable<SubmitOrdersRequest>): Promise<void> {
    try {
      for await (const { order } of requests) {
        if (this.#state === "stopped") return;
        const noRoom = this.#take(order ?? create(OrderSchema));
        if (noRoom !== undefined) await noRoom;
        while (this.#entries.length >= maxUnansweredOrders && this.#state === "reading") await this.#room();
      }
    } finally {
      if (this.#state === "reading") this.#state = "read";
      this.#changed.resolve();
    }
  }

  /** The answers of the orders at the head, up to the first that waits. Throws where one of them failed. */
  takeAnswers(): SubmitOrdersResponse[] {
    const waiting = this.#entries.findIndex(({ answer }) => answer === undefined);
    const settled = waiting === -1 ? this.#entries : this.#entries.slice(0, waiting);
    if (settled.length === 0) return [];
    this.#entries = waiting === -1 ? [] : this.#entries.slice(waiting);
    this.#roomMade.resolve();
    const answers: SubmitOrdersResponse[] = [];
    for (const entry of settled) {
      const { answer } = entry;
      if (answer?.kind !== "failed") answers.push(this.#answerTo(entry));
      else if (answers.length > 0) {
        this.#entries = [entry]; // after those before it
        return answers;
      } else throw answer.error;
    }
    return answers;
  }

  #take(order: Order): Promise<void> | undefined {
    const violations = violationsOf(order);
    if (violations.length > 0) {
      this.#entries.push({ amount: undefined, answer: { kind: "invalid", violations } });
      this.#changed.resolve();
      return undefined;
    }
    const taken = newOrder(order);
    const { quantity, unitPrice } = taken.order;
    const entry: Entry = { amount: { quantity, unitPrice }, answer: undefined };
    this.#entries.push(entry);
    const settle = (outcome: SubmitOutcome) => {
      entry.answer = outcome;
      this.#changed.resolve();
    };
    return this.#intake.submit({ ...taken, settle }, this.#peer);
  }

  async #room(): Promise<void> {
    await this.#roomMade.promise;
    this.#roomMade = Promise.withResolvers();
  }

  #answerTo({ amount, answer }: Entry): SubmitOrdersResponse {
    const response = create(SubmitOrdersResponseSchema);
    response.index = this.#index++;
    if (answer?.kind === "stored" && amount !== undefined) {
      const { sequence, duplicate } = answer;
      this.#counts.accepted++;
      if (duplicate) this.#counts.duplicates++;
      this.#totals.addOrder(amount);
      response.total = this.#totals.of(amount.unitPrice?.currencyCode ?? "");
      response.result = acceptedResult(BigInt(sequence), duplicate);
    } else {
      this.#counts.rejected++;
      const rejected = answer?.kind === "invalid" ? invalid(answer.violations) : keyTaken;
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

function invalid(violations: ReturnType<typeof violationsOf>): Rejected["value"] {
  return { reason: RejectionReason.INVALID, violations: [...violations] };
}

const keyTaken: Rejected["value"] = {
  reason: RejectionReason.KEY_TAKEN,
  violations: [{ field: "key", description: "another order, with other content, has this key: choose another" }],
};
