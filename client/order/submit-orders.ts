import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Client, Code, ConnectError } from "@connectrpc/connect";
import type { OrderSchema } from "../../gen/bourse/order/v1/order_pb.ts";
import type {
  OrderService,
  SubmitOrdersRequestSchema,
  SubmitOrdersResponse,
} from "../../gen/bourse/order/v1/order_service_pb.ts";
import { CallAttempt } from "../shared/call-attempt.ts";
import { type CallRetryOptions, CallRetryTracker } from "../shared/call-retry-tracker.ts";
import { Condition } from "../shared/condition-variable.ts";

/** An order to submit. A caller may add fields: the result for the order contains the same object. */
export interface Submission {
  /** Its key must be unique among all orders: the server stores an order once, however often it is sent under this key. */
  readonly order: MessageInitShape<typeof OrderSchema>;
}

/** A submission and the response to it. */
export interface Submitted<S extends Submission> {
  readonly submission: S;
  readonly answer: SubmitOrdersResponse;
  /**
   * Whether the order was sent more than once, because a call failed. If so, a duplicate may be the order of an earlier
   * attempt.
   */
  readonly isResubmitted: boolean;
}

/** The limit of a submission, and how it reconnects. */
export interface SubmitOrdersOptions extends CallRetryOptions {
  /**
   * The maximum number of orders in flight, which were sent and have no response. The server stores them in groups. Default: 4,096.
   */
  readonly maxInFlight?: number;
}

/** Enough for groups of thousands of orders in one disk write. An order in flight takes a few hundred bytes. */
export const defaultMaxInFlight = 4_096;

type OrderClient = Pick<Client<typeof OrderService>, "submitOrders">;

/**
 * Submits orders, and reconnects as often as necessary. Yields the response to each order, in their order. If a call
 * fails, the next one resends the orders that have no response, under the same keys: each order is stored exactly once.
 * Reads from the source only while fewer than `maxInFlight` orders are in flight. Needs a transport over HTTP/2, which
 * browsers do not have for streaming requests.
 *
 * If the source throws, the orders before the error are submitted first, and then the error is thrown. Throws errors
 * that are not retryable, and CANCELED if the signal aborts.
 */
export async function* submitOrders<S extends Submission>(
  client: OrderClient,
  submissions: AsyncIterable<S> | Iterable<S>,
  options: SubmitOrdersOptions = {},
): AsyncGenerator<Submitted<S>, void, undefined> {
  const run = new OrdersSubmission(client, submissions, options);
  const call = new CallRetryTracker(options);
  try {
    for (;;) {
      const result = yield* run.attempt(call);
      if (result === "complete") return;
      await call.waitToRetry(result);
    }
  } finally {
    run.closeSource();
  }
}

/** A submission that was read from the source, and has no response. */
interface InFlight<S extends Submission> {
  readonly submission: S;
  isResubmitted: boolean;
}

type SourceState = { readonly kind: "open" } | { readonly kind: "ended" } | { readonly kind: "failed"; error: unknown };

class OrdersSubmission<S extends Submission> {
  readonly #client: OrderClient;
  readonly #options: SubmitOrdersOptions;
  readonly #source: AsyncIterator<S> | Iterator<S>;
  readonly #maxInFlight: number;
  #sourceState: SourceState = { kind: "open" };
  /** The pending read of the source. It outlives the attempt that started it. */
  #nextSubmission: Promise<IteratorResult<S>> | undefined;
  /** In the order of the source. Those before `#respondedCount` have a response. */
  #submissions: InFlight<S>[] = [];
  #respondedCount = 0;
  #isReading = false;
  readonly #hasCapacity = new Condition();

  constructor(client: OrderClient, submissions: AsyncIterable<S> | Iterable<S>, options: SubmitOrdersOptions) {
    this.#client = client;
    this.#options = options;
    this.#maxInFlight = options.maxInFlight ?? defaultMaxInFlight;
    this.#source =
      Symbol.asyncIterator in submissions ? submissions[Symbol.asyncIterator]() : submissions[Symbol.iterator]();
  }

  /** Makes one call, to its end. Returns why it failed, or that all orders have a response. */
  async *attempt(call: CallRetryTracker): AsyncGenerator<Submitted<S>, ConnectError | "complete", undefined> {
    call.begin();
    using attempt = new CallAttempt(this.#options);
    const { signal } = attempt;
    signal.addEventListener("abort", () => this.#hasCapacity.notifyAll(), { once: true }); // ends the requests
    const responses = this.#client.submitOrders(this.#requests(attempt), { signal })[Symbol.asyncIterator]();
    for (let index = 0n; ; index++) {
      if (this.#inFlightCount > 0 || this.#sourceState.kind !== "open") attempt.idleTimeout.start();
      this.#isReading = true;
      const next = await attempt.read(responses);
      this.#isReading = false;
      if (next instanceof ConnectError) return next;
      if (next.done) return this.#end();
      call.succeed();
      call.report("live");
      yield this.#match(next.value, index);
    }
  }

  /** Closes the source. */
  closeSource(): void {
    // Not awaited: a generator that waits for input returns only after the input has arrived.
    Promise.resolve(this.#source.return?.()).catch(() => {});
  }

  async *#requests(
    attempt: CallAttempt,
  ): AsyncGenerator<MessageInitShape<typeof SubmitOrdersRequestSchema>, void, undefined> {
    const { signal } = attempt;
    this.#discardAnswered();
    for (const each of [...this.#submissions]) {
      each.isResubmitted = true;
      yield { order: each.submission.order };
    }
    for (;;) {
      while (this.#inFlightCount >= this.#maxInFlight && !signal.aborted) await this.#hasCapacity.wait();
      const submission = await this.#readSource(signal);
      if (submission === undefined) return;
      if (this.#inFlightCount === 0 && this.#isReading) attempt.idleTimeout.start();
      this.#submissions.push({ submission, isResubmitted: false });
      yield { order: submission.order };
    }
  }

  /** The next submission of the source. Undefined if the source has ended or failed, or the attempt is over. */
  async #readSource(signal: AbortSignal): Promise<S | undefined> {
    if (this.#sourceState.kind !== "open" || signal.aborted) return undefined;
    try {
      this.#nextSubmission ??= Promise.resolve(this.#source.next());
      const next = await this.#nextSubmission;
      if (signal.aborted) return undefined; // the next attempt takes the submission
      this.#nextSubmission = undefined;
      if (!next.done) return next.value;
      this.#sourceState = { kind: "ended" };
    } catch (error) {
      this.#sourceState = { kind: "failed", error };
    }
    return undefined;
  }

  #match(answer: SubmitOrdersResponse, index: bigint): Submitted<S> {
    const answered = this.#submissions[this.#respondedCount];
    if (answer.index !== index || answered === undefined) {
      throw new ConnectError(`received the response to order ${answer.index} instead of ${index}`, Code.DataLoss);
    }
    this.#respondedCount++;
    if (this.#respondedCount >= this.#maxInFlight) this.#discardAnswered();
    this.#hasCapacity.notifyAll();
    return { submission: answered.submission, answer, isResubmitted: answered.isResubmitted };
  }

  #end(): ConnectError | "complete" {
    if (this.#inFlightCount > 0 || this.#sourceState.kind === "open") {
      return new ConnectError("the server ended the call before it had answered all orders", Code.Unavailable);
    }
    if (this.#sourceState.kind === "failed") throw this.#sourceState.error;
    return "complete";
  }

  get #inFlightCount(): number {
    return this.#submissions.length - this.#respondedCount;
  }

  #discardAnswered(): void {
    this.#submissions = this.#submissions.slice(this.#respondedCount);
    this.#respondedCount = 0;
  }
}
