import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Client, Code, ConnectError } from "@connectrpc/connect";
import type { OrderSchema } from "../../gen/bourse/order/v1/order_pb.ts";
import type {
  OrderService,
  SubmitOrdersRequestSchema,
  SubmitOrdersResponse,
} from "../../gen/bourse/order/v1/order_service_pb.ts";
import { IdleTimeout } from "../shared/idle-timeout.ts";
import { defaultSilenceMs, ReconnectingCall, type ReconnectingCallOptions } from "../shared/reconnecting-call.ts";
import { systemTimers } from "../shared/timers.ts";

/** What is to be stored. May have what else its owner wants to find again with the answer. */
export interface Submission {
  /** With a key that no other order has, which is what a break makes it be stored once by. */
  readonly order: MessageInitShape<typeof OrderSchema>;
}

/** What became of a submission. */
export interface Submitted<S extends Submission> {
  readonly submission: S;
  readonly answer: SubmitOrdersResponse;
  /** Whether it was sent more than once, as a call broke: a duplicate may then be what the call before has stored. */
  readonly isResubmitted: boolean;
}

export interface SubmitOrdersOptions extends ReconnectingCallOptions {
  /** How many orders may be under way, sent and not answered. They are stored together. Default: 4,096. */
  readonly maxUnderWay?: number;
}

/** So many that the disk is waited for by thousands at a time; they take some hundred bytes each. */
export const defaultUnderWay = 4_096;

type OrderClient = Pick<Client<typeof OrderService>, "submitOrders">;

/**
 * Submits orders for as long as it takes, and yields what became of each, in their order. A call that breaks is made
 * again with what was not answered, under the same keys, so that nothing is stored twice and nothing is missing. Takes
 * further orders only while few enough are under way. Needs a transport over HTTP/2: browsers have none for it.
 *
 * Where the source of the orders throws, what it gave before is submitted and answered, and then its error is thrown.
 * Throws what another attempt cannot mend, and CANCELED when the signal aborts.
 */
export async function* submitOrders<S extends Submission>(
  client: OrderClient,
  submissions: AsyncIterable<S> | Iterable<S>,
  options: SubmitOrdersOptions = {},
): AsyncGenerator<Submitted<S>, void, undefined> {
  const run = new OrdersSubmission(client, submissions, options);
  const attempts = new ReconnectingCall(options);
  try {
    for (;;) {
      attempts.begin();
      const reason = yield* run.attempt(attempts);
      if (reason === undefined) return;
      await attempts.fail(reason);
    }
  } finally {
    run.close();
  }
}

/** A submission that was taken and is not answered. */
interface UnderWay<S extends Submission> {
  readonly submission: S;
  isResubmitted: boolean;
}

class OrdersSubmission<S extends Submission> {
  readonly #client: OrderClient;
  readonly #options: SubmitOrdersOptions;
  readonly #source: AsyncIterator<S> | Iterator<S>;
  readonly #max: number;
  /** What the source was asked for and has not been taken. Outlives the attempt that asked. */
  #next: Promise<IteratorResult<S>> | undefined;
  /** In the order of the source. What is before `#answered` is answered. */
  #underWay: UnderWay<S>[] = [];
  #answered = 0;
  #isOver = false;
  #isReading = false;
  #failure: { readonly error: unknown } | undefined;
  #wake: () => void = () => {};

  constructor(client: OrderClient, submissions: AsyncIterable<S> | Iterable<S>, options: SubmitOrdersOptions) {
    this.#client = client;
    this.#options = options;
    this.#max = options.maxUnderWay ?? defaultUnderWay;
    this.#source =
      Symbol.asyncIterator in submissions ? submissions[Symbol.asyncIterator]() : submissions[Symbol.iterator]();
  }

  /** One call, to its end. Returns why it broke; undefined: all are answered. */
  async *attempt(attempts: ReconnectingCall): AsyncGenerator<Submitted<S>, ConnectError | undefined, undefined> {
    const { signal, timers = systemTimers, silenceMs = defaultSilenceMs } = this.#options;
    const attempt = new AbortController();
    const watchdog = new IdleTimeout(timers, silenceMs, () =>
      attempt.abort(new ConnectError(`nothing came for ${silenceMs / 1000} s`, Code.Unavailable)),
    );
    const responses = this.#client
      .submitOrders(this.#requests(attempt.signal, watchdog), {
        signal: signal === undefined ? attempt.signal : AbortSignal.any([signal, attempt.signal]),
      })
      [Symbol.asyncIterator]();
    try {
      for (let index = 0n; ; index++) {
        if (this.#countUnderWay > 0 || this.#isOver) watchdog.listen();
        this.#isReading = true;
        const next = await responses.next().catch((reason: unknown) => ConnectError.from(reason));
        this.#isReading = false;
        watchdog.hear();
        if (attempt.signal.aborted) return attempt.signal.reason;
        if (next instanceof ConnectError) return next;
        if (next.done) return this.#end();
        attempts.succeed();
        yield this.#match(next.value, index);
      }
    } finally {
      watchdog.stop();
      attempt.abort();
      this.#wake();
    }
  }

  /** The source is not asked again. */
  close(): void {
    // Not waited for: a source on which nothing happens ends only with what feeds it.
    Promise.resolve(this.#source.return?.()).catch(() => {});
  }

  async *#requests(
    signal: AbortSignal,
    watchdog: IdleTimeout,
  ): AsyncGenerator<MessageInitShape<typeof SubmitOrdersRequestSchema>, void, undefined> {
    this.#forgetAnswered();
    for (const each of [...this.#underWay]) {
      each.isResubmitted = true;
      yield { order: each.submission.order };
    }
    for (;;) {
      while (this.#countUnderWay >= this.#max && !signal.aborted) await this.#answer();
      const next = await this.#take(signal);
      if (next === undefined) return;
      if (this.#countUnderWay === 0 && this.#isReading) watchdog.listen();
      this.#underWay.push({ submission: next, isResubmitted: false });
      yield { order: next.order };
    }
  }

  /** The source's next. Undefined at its end, where it fails, and where the attempt that asks is over. */
  async #take(signal: AbortSignal): Promise<S | undefined> {
    if (this.#isOver || signal.aborted) return undefined;
    try {
      this.#next ??= Promise.resolve(this.#source.next());
      const next = await this.#next;
      if (signal.aborted) return undefined; // and it stays for the next attempt
      this.#next = undefined;
      if (!next.done) return next.value;
    } catch (error) {
      this.#failure = { error };
    }
    this.#isOver = true;
    return undefined;
  }

  #match(answer: SubmitOrdersResponse, index: bigint): Submitted<S> {
    const each = this.#underWay[this.#answered];
    if (answer.index !== index || each === undefined) {
      throw new ConnectError(`the answer to order ${answer.index} came where that to ${index} is due`, Code.DataLoss);
    }
    this.#answered++;
    if (this.#answered >= this.#max) this.#forgetAnswered();
    this.#wake();
    return { submission: each.submission, answer, isResubmitted: each.isResubmitted };
  }

  #end(): ConnectError | undefined {
    if (this.#countUnderWay > 0 || !this.#isOver)
      return new ConnectError("the server ended the call", Code.Unavailable);
    if (this.#failure !== undefined) throw this.#failure.error;
    return undefined;
  }

  get #countUnderWay(): number {
    return this.#underWay.length - this.#answered;
  }

  #forgetAnswered(): void {
    this.#underWay = this.#underWay.slice(this.#answered);
    this.#answered = 0;
  }

  /** Resolves with the next answer, or when the attempt ends. */
  #answer(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
