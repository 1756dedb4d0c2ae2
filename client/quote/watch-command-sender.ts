import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { type Client, Code, ConnectError } from "@connectrpc/connect";
import { type CommandResult, type WatchCommand, WatchCommandSchema } from "../../gen/bourse/quote/v1/quote_pb.ts";
import type { QuoteService } from "../../gen/bourse/quote/v1/quote_service_pb.ts";
import { BackOff, isRetryable } from "../shared/retry-policy.ts";
import type { Timers } from "../shared/timers.ts";
import type { Command } from "./desired-subscriptions.ts";

/** The maximum number of commands without a result; a caller that awaits its commands does not reach it. */
export const maxPendingCommands = 1_000;

/** The deadline of a call of UpdateWatch, in milliseconds. */
const commandTimeoutMs = 10_000;

interface PendingCommand {
  readonly command: WatchCommand;
  readonly resolve: (result: CommandResult) => void;
  readonly reject: (reason: ConnectError) => void;
}

export interface WatchCommandSenderOptions {
  readonly client: Pick<Client<typeof QuoteService>, "updateWatch">;
  readonly timers: Timers;
  readonly random: () => number;
  /** Ends the watch. */
  readonly signal: AbortSignal;
  /** Receives the result of each command, once and in order, before the caller of the command. */
  readonly onResult: (command: Command, result: CommandResult) => void;
}

/**
 * Sends the commands of a watch: one at a time and in order. If a stream ends before the result of a command, the
 * command is sent to the next stream.
 */
export class WatchCommandSender {
  readonly #options: WatchCommandSenderOptions;
  readonly #pending = new Map<bigint, PendingCommand>();
  readonly #backOff: BackOff;
  #first: readonly WatchCommand[] = [];
  #nextId = 1n;
  #streamId: string | undefined;
  #isSending = false;

  constructor(options: WatchCommandSenderOptions) {
    this.#options = options;
    this.#backOff = new BackOff(options.timers, options.random);
    options.signal.addEventListener("abort", () => this.#end(), { once: true });
  }

  /** The commands without a result, in order. */
  get pending(): WatchCommand[] {
    return Array.from(this.#pending.values(), ({ command }) => command);
  }

  /**
   * Sends a command. Rejects with the error of the server; with CANCELED if the watch ends first; and with
   * RESOURCE_EXHAUSTED if {@link maxPendingCommands} have no result.
   */
  send(init: MessageInitShape<typeof WatchCommandSchema>["command"]): Promise<CommandResult> {
    if (this.#options.signal.aborted) return Promise.reject(watchEnded());
    if (this.#pending.size >= maxPendingCommands) {
      const message = `limit of ${maxPendingCommands} pending commands reached: await the results of earlier commands`;
      return Promise.reject(new ConnectError(message, Code.ResourceExhausted));
    }
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const command = create(WatchCommandSchema, { id, ...(init && { command: init }) });
      this.#pending.set(id, { command, resolve, reject });
      void this.#sendAll();
    });
  }

  /** Sets the commands that are sent to the next stream before all pending ones. Their results are ignored. */
  sendFirst(commands: readonly WatchCommand[]): void {
    this.#first = commands;
  }

  /** Sets the stream that receives the commands. Undefined: none. */
  setStream(streamId: string | undefined): void {
    this.#streamId = streamId;
    this.#backOff.skip();
    void this.#sendAll();
  }

  /** Takes the result of a command. It arrives by the stream, by the call, or by both. */
  settle(result: CommandResult): void {
    const pending = this.#pending.get(result.id);
    if (pending === undefined) return;
    this.#pending.delete(result.id);
    this.#options.onResult(pending.command.command, result);
    pending.resolve(result);
  }

  /** Rejects a pending command. Returns whether it was pending. */
  reject(id: bigint, reason: ConnectError): boolean {
    this.#pending.get(id)?.reject(reason);
    return this.#pending.delete(id);
  }

  async #sendAll(): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    this.#backOff.reset();
    while (this.#streamId !== undefined) {
      const next = this.#first[0] ?? this.#pending.values().next().value?.command;
      if (next === undefined) break;
      if ((await this.#call(this.#streamId, next)) === "retry") await this.#backOff.wait(this.#backOff.fail());
      else this.#backOff.reset();
    }
    this.#isSending = false;
  }

  /** Makes one call. `done`: the command has a result, or its stream was replaced. `retry`: send it again later. */
  async #call(streamId: string, command: WatchCommand): Promise<"done" | "retry"> {
    const { client, signal } = this.#options;
    try {
      const { result } = await client.updateWatch({ streamId, command }, { signal, timeoutMs: commandTimeoutMs });
      if (streamId !== this.#streamId) return "done";
      if (result === undefined) return "retry";
      this.settle(result);
    } catch (reason) {
      const error = ConnectError.from(reason);
      // NOT_FOUND: the stream has ended, and another one will replace it
      if (signal.aborted || error.code === Code.NotFound || isRetryable(error)) return "retry";
      this.reject(command.id, error);
    }
    if (this.#first[0] === command) this.#first = this.#first.slice(1);
    return "done";
  }

  #end(): void {
    this.setStream(undefined);
    for (const { reject } of this.#pending.values()) reject(watchEnded());
    this.#pending.clear();
  }
}

function watchEnded(): ConnectError {
  return new ConnectError("the watch has ended", Code.Canceled);
}
