import { create, type DescMessage, type Message } from "@bufbuild/protobuf";
import { callScheduler } from "../protection/call-scheduler.ts";
import { takeRest } from "../rpc/batch.ts";
import type { EnvelopeWriter } from "./envelope-writer.ts";

/** How long a handler may go on after its signal has fired, before its call is answered without it. */
export const handlerGraceMs = 1_000;

/** How much is moved before a look at the clock, which costs as much as a small message. */
const messagesBetweenLooks = 16;
const bytesBetweenLooks = 16 * 1024;

/** What a pump moves, and where to. */
export interface PumpOptions {
  /** Yields messages, or what `create` makes one of. */
  readonly source: AsyncIterator<object>;
  readonly schema: DescMessage;
  readonly writer: EnvelopeWriter;
  readonly signal: AbortSignal;
  /** Told of each message before it is written. */
  readonly onMessage: () => void;
  /** Runs a step when other calls have had their turn. */
  readonly giveWay: (step: () => void) => void;
}

/**
 * Moves messages from a handler to the wire, as fast as the slower of the two: the next message is asked for when the
 * one before it is collected and the client keeps up. Callbacks take the place of `await`: most messages are ready, and
 * a stream costs one promise a message.
 *
 * Resolves at the end of the source, with everything written. Rejects with what the source threw, with what kept a
 * message from being sent, or with the reason of the signal where the handler does not listen to it; the source is then
 * told to clean up.
 */
export class ResponsePump {
  readonly #options: PumpOptions;
  readonly #finished = Promise.withResolvers<void>();
  // Since the last look at the clock.
  #taken = 0;
  #takenBytes = 0;
  #rest: ReturnType<typeof takeRest>;
  #state: "running" | "ended" = "running";
  #grace: NodeJS.Timeout | undefined;

  constructor(options: PumpOptions) {
    this.#options = options;
  }

  run(): Promise<void> {
    const { signal } = this.#options;
    if (signal.aborted) this.#onAbort();
    else signal.addEventListener("abort", this.#onAbort);
    this.#pull();
    return this.#finished.promise;
  }

  readonly #pull = (): void => {
    if (this.#state === "ended") return;
    if (this.#rest !== undefined) this.#takeRest();
    else this.#options.source.next().then(this.#onResult, this.#onSourceError);
  };

  readonly #onResult = (result: IteratorResult<object>): void => {
    if (this.#state === "ended") return;
    if (result.done === true) {
      this.#end();
      return;
    }
    const { value } = result;
    if (!this.#take(value)) return;
    this.#rest = takeRest(value);
    this.#goOn();
  };

  /** Goes on with the next message: now, when the client keeps up again, or when others had their turn. */
  #goOn(): void {
    const { blocked } = this.#options.writer;
    if (blocked !== undefined) blocked.then(() => this.#goOn(), this.#onWriteError);
    else if (this.#mustLook && this.#mustGiveWay()) this.#options.giveWay(this.#pull);
    else this.#pull();
  }

  get #mustLook(): boolean {
    return this.#taken >= messagesBetweenLooks || this.#takenBytes >= bytesBetweenLooks;
  }

  #mustGiveWay(): boolean {
    this.#taken = 0;
    this.#takenBytes = 0;
    return callScheduler.sliceUsed;
  }

  #takeRest(): void {
    const { writer } = this.#options;
    while (this.#rest !== undefined) {
      const { value, done } = this.#rest.next();
      if (done === true) this.#rest = undefined;
      else if (!this.#take(value)) return;
      if (writer.blocked !== undefined || this.#mustLook) break;
    }
    this.#goOn();
  }

  #take(value: object): boolean {
    const { schema, writer, onMessage } = this.#options;
    try {
      this.#taken++;
      onMessage();
      const isWhole = (value as Partial<Message>).$typeName === schema.typeName;
      this.#takenBytes += writer.append(isWhole ? (value as Message) : create(schema, value as Message));
      return true;
    } catch (error) {
      this.#onWriteError(error);
      return false;
    }
  }

  readonly #onSourceError = (error: unknown): void => {
    this.#options.writer.flush();
    this.#fail(error);
  };

  readonly #onWriteError = (error: unknown): void => {
    if (this.#state === "ended") return;
    this.#options.writer.flush();
    this.#fail(error);
    this.#options.source.return?.().catch(() => {});
  };

  readonly #onAbort = (): void => {
    const { signal, source } = this.#options;
    this.#grace = setTimeout(() => {
      this.#fail(signal.reason);
      source.return?.().catch(() => {});
    }, handlerGraceMs).unref();
  };

  #end(): void {
    this.#options.writer.flush();
    const { blocked } = this.#options.writer;
    if (blocked !== undefined) {
      blocked.then(() => this.#end(), this.#onWriteError);
      return;
    }
    this.#stop();
    this.#finished.resolve();
  }

  #fail(error: unknown): void {
    this.#stop();
    this.#finished.reject(error);
  }

  #stop(): void {
    this.#state = "ended";
    clearTimeout(this.#grace);
    this.#options.signal.removeEventListener("abort", this.#onAbort);
  }
}
