import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { type Client, Code, ConnectError } from "@connectrpc/connect";
import { type CommandResult, type WatchCommand, WatchCommandSchema } from "../../gen/bourse/quote/v1/quote_pb.ts";
import type { QuoteService } from "../../gen/bourse/quote/v1/quote_service_pb.ts";
import { BackOff, isRetryable } from "../shared/retry-policy.ts";
import type { Timers } from "../shared/timers.ts";
import type { Command } from "./desired-subscriptions.ts";

/** A caller that has this many commands under way is not waiting for answers. */
export const maxPendingCommands = 1_000;

/** An answer that takes longer does not come. */
const answerTimeoutMs = 10_000;

interface Pending {
  readonly command: WatchCommand;
  readonly resolve: (result: CommandResult) => void;
  readonly reject: (reason: ConnectError) => void;
}

export interface WatchCommandsOptions {
  readonly client: Pick<Client<typeof QuoteService>, "updateWatch">;
  readonly timers: Timers;
  readonly random: () => number;
  /** Ends everything. */
  readonly signal: AbortSignal;
  /** Takes each command that was answered, once and in order, before its caller does. */
  readonly onDone: (command: Command, result: CommandResult) => void;
}

/**
 * The commands of a watch on their way: one at a time, in order, and again on the next stream where one broke before it
 * answered.
 */
export class WatchCommands {
  readonly #options: WatchCommandsOptions;
  readonly #pending = new Map<bigint, Pending>();
  #first: readonly WatchCommand[] = [];
  #nextId = 1n;
  #streamId: string | undefined;
  #sending = false;
  readonly #backOff: BackOff;

  constructor(options: WatchCommandsOptions) {
    this.#options = options;
    this.#backOff = new BackOff(options.timers, options.random);
    options.signal.addEventListener("abort", () => this.#end(), { once: true });
  }

  /** What has not been answered, in order. */
  get pending(): WatchCommand[] {
    return Array.from(this.#pending.values(), ({ command }) => command);
  }

  /** Gives a command. Rejects with what the server refuses it with, and with CANCELED where the watch ends before. */
  add(init: MessageInitShape<typeof WatchCommandSchema>["command"]): Promise<CommandResult> {
    if (this.#options.signal.aborted) return Promise.reject(ended());
    if (this.#pending.size >= maxPendingCommands) {
      const message = `${maxPendingCommands} commands wait for their answers: wait for some of them`;
      return Promise.reject(new ConnectError(message, Code.ResourceExhausted));
    }
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const command = create(WatchCommandSchema, { id, ...(init && { command: init }) });
      this.#pending.set(id, { command, resolve, reject });
      void this.#send();
    });
  }

  /** Has the next stream begin with commands that go before what is pending, and whose answers nobody waits for. */
  precede(first: readonly WatchCommand[]): void {
    this.#first = first;
  }

  /** A stream runs, under this name; undefined: none does. */
  use(streamId: string | undefined): void {
    this.#streamId = streamId;
    this.#backOff.skip();
    void this.#send();
  }

  /** Takes an answer. It may have come before: from the stream, or from the call. */
  settle(result: CommandResult): void {
    const pending = this.#pending.get(result.id);
    if (pending === undefined) return;
    this.#pending.delete(result.id);
    this.#options.onDone(pending.command.command, result);
    pending.resolve(result);
  }

  /** Rejects a command that waits for its answer. Returns whether it did. */
  refuse(id: bigint, reason: ConnectError): boolean {
    this.#pending.get(id)?.reject(reason);
    return this.#pending.delete(id);
  }

  async #send(): Promise<void> {
    if (this.#sending) return;
    this.#sending = true;
    this.#backOff.reset();
    while (this.#streamId !== undefined) {
      const next = this.#first[0] ?? this.#pending.values().next().value?.command;
      if (next === undefined) break;
      if (await this.#call(this.#streamId, next)) this.#backOff.reset();
      else await this.#backOff.wait(this.#backOff.fail());
    }
    this.#sending = false;
  }

  /** Whether to go on at once: it was answered or refused, or its stream no longer runs. False: try it again later. */
  async #call(streamId: string, command: WatchCommand): Promise<boolean> {
    const { client, signal } = this.#options;
    try {
      const { result } = await client.updateWatch({ streamId, command }, { signal, timeoutMs: answerTimeoutMs });
      if (streamId !== this.#streamId) return true;
      if (result === undefined) return false;
      this.settle(result);
    } catch (reason) {
      const error = ConnectError.from(reason);
      // NOT_FOUND: the stream has ended. Another one will take its place.
      if (signal.aborted || error.code === Code.NotFound || isRetryable(error)) return false;
      this.refuse(command.id, error);
    }
    if (this.#first[0] === command) this.#first = this.#first.slice(1);
    return true;
  }

  #end(): void {
    this.use(undefined);
    for (const { reject } of this.#pending.values()) reject(ended());
    this.#pending.clear();
  }
}

function ended(): ConnectError {
  return new ConnectError("the watch has ended", Code.Canceled);
}
