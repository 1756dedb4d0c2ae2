import type { Client, ConnectError } from "@connectrpc/connect";
import { ExportMismatchError, type ExportPosition, exportOrders } from "../../../../client/order/export-orders.ts";
import type { CallState } from "../../../../client/shared/reconnecting-call.ts";
import { systemTimers, type Timers } from "../../../../client/shared/timers.ts";
import { TransferRate } from "../../../../client/upload/transfer-rate.ts";
import type { OrderFilter } from "../../../../gen/bourse/order/v1/order_pb.ts";
import type { OrderService } from "../../../../gen/bourse/order/v1/order_service_pb.ts";
import { errorSentence } from "../../shared/error-sentence.ts";
import { headerNames } from "../../shared/header-names.ts";
import { countIn, metadataOf, trailersOf } from "../../shared/metadata.ts";
import { Notifier, type Schedule } from "../../shared/notifier.ts";
import type { ExportState } from "./export-state.ts";
import { OrderStore } from "./order-store.ts";

/** How long the page may work on what came, in milliseconds, before the browser gets its turn: half a frame. */
const sliceMs = 8;

// Half the most that a response may have: decoding one is not to take longer than a slice.
const batchSize = 500;

/** What an export needs from outside. */
export interface OrderExportOptions {
  client: Pick<Client<typeof OrderService>, "exportOrders">;
  /** When to show what came. */
  schedule: Schedule;
  /** Resolves once the browser had its turn. */
  nextTurn(): Promise<void>;
  /** A number from 0 to below 1. */
  random(): number;
  /** Makes a place for what comes. Default: one of the size that a page may have. */
  newStore?(): OrderStore;
  /** Default: the platform's. */
  timers?: Timers;
}

/** Takes an export in, outside React, in slices between which the browser draws and answers. One at a time. */
export class OrderExport {
  readonly #options: OrderExportOptions;
  readonly #timers: Timers;
  readonly #notifier: Notifier;
  readonly #rate = new TransferRate();
  #filter: OrderFilter | undefined;
  #position: ExportPosition | undefined;
  #leave: AbortController | undefined;
  #state: ExportState;
  #shown: ExportState;

  constructor(options: OrderExportOptions) {
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
    this.#state = this.#empty();
    this.#shown = this.#state;
    this.#notifier = new Notifier(options.schedule, () => this.#look());
  }

  /** Calls the listener after the state changed; the returned function takes it away. */
  readonly subscribe = (listener: () => void): (() => void) => this.#notifier.subscribe(listener);

  /** The state: the same object until it changes. */
  readonly state = (): ExportState => this.#shown;

  /** Begins anew, in place of an export that was. Never rejects: what goes wrong is in the state. */
  async start(filter: OrderFilter): Promise<void> {
    this.close();
    this.#filter = filter;
    this.#position = undefined;
    this.#state = this.#empty();
    await this.#run(filter);
  }

  /** Goes on behind what was received: with an export that was cancelled or has failed, or at once with one that waits. */
  async proceed(): Promise<void> {
    const { kind } = this.#state;
    if (this.#filter === undefined || !(kind === "cancelled" || kind === "failed" || kind === "waiting")) return;
    this.close();
    await this.#run(this.#filter);
  }

  /** Cancels the call that is under way, if any, and keeps what was received. */
  cancel(): void {
    if (this.#leave === undefined) return;
    this.close();
    this.#set({ ...this.#state, kind: "cancelled" });
  }

  /** Ends because the page closes. */
  close(): void {
    this.#leave?.abort();
    this.#leave = undefined;
  }

  async #run(filter: OrderFilter): Promise<void> {
    const leave = new AbortController();
    const { signal } = leave;
    this.#leave = leave;
    try {
      await this.#receive(filter, signal);
    } catch (reason) {
      if (signal.aborted) return;
      this.close();
      if (reason instanceof ExportMismatchError) this.#set({ ...this.#state, kind: "wrong" });
      else this.#lose(reason, { kind: "failed", reason: errorSentence(reason) });
    }
  }

  async #receive(filter: OrderFilter, signal: AbortSignal): Promise<void> {
    const { client, nextTurn, random } = this.#options;
    const parts = exportOrders(client, {
      filter,
      batchSize,
      signal,
      random,
      timers: this.#timers,
      ...(this.#position !== undefined && { from: this.#position }),
      onState: (state) => signal.aborted || this.#follow(state),
      onHeader: (headers) => signal.aborted || this.#takeHeaders(headers),
      onTrailer: (trailers) => signal.aborted || this.#set({ ...this.#state, trailers: metadataOf(trailers) }),
    });
    let began = this.#timers.now();
    for await (const { orders, position } of parts) {
      if (signal.aborted) return;
      if (!this.#keep(orders, position)) return;
      if (this.#timers.now() - began < sliceMs) continue;
      await nextTurn();
      began = this.#timers.now();
    }
    if (signal.aborted) return;
    this.close();
    this.#set({ ...this.#state, kind: "complete" });
  }

  /** Whether there is room for more. */
  #keep(orders: Parameters<OrderStore["append"]>[0], position: ExportPosition): boolean {
    const { store } = this.#state;
    const added = store.append(orders);
    if (added < orders.length) {
      this.close();
      this.#set({ ...this.#state, kind: "full" });
      return false;
    }
    this.#position = position;
    this.#rate.add(this.#timers.now(), store.count);
    this.#notifier.touch();
    return true;
  }

  #takeHeaders(headers: Headers): void {
    const total = countIn(headers, headerNames.totalCount);
    this.#set({ ...this.#state, total, headers: metadataOf(headers) });
  }

  #follow(state: CallState): void {
    switch (state.kind) {
      case "connecting":
        this.#rate.restart(this.#timers.now(), this.#state.store.count);
        this.#set({ ...this.#state, kind: "connecting", attempts: this.#state.attempts + 1, trailers: undefined });
        break;
      case "live":
        this.#set({ ...this.#state, kind: "receiving" });
        break;
      case "retrying":
        this.#wait(state.reason, state.delayMs);
        break;
    }
  }

  #wait(reason: ConnectError, delayMs: number): void {
    const retryAt = this.#timers.now() + delayMs;
    this.#lose(reason, { kind: "waiting", retryAt, reason: errorSentence(reason) });
  }

  #lose(
    reason: unknown,
    change: { kind: "waiting"; retryAt: number; reason: string } | { kind: "failed"; reason: string },
  ): void {
    this.#set({ ...this.#state, trailers: trailersOf(reason, this.#state.headers ?? []), ...change });
  }

  #set(state: ExportState): void {
    this.#state = state;
    this.#notifier.touch();
  }

  #look(): void {
    const isRunning = this.#leave !== undefined;
    this.#state = {
      ...this.#state,
      received: this.#state.store.count,
      perSecond: isRunning ? this.#rate.perSecond(this.#timers.now()) : undefined,
      digest: this.#position?.digest,
    };
    this.#shown = this.#state;
  }

  #empty(): ExportState {
    return {
      kind: "idle",
      store: this.#options.newStore?.() ?? new OrderStore(),
      received: 0,
      total: undefined,
      perSecond: undefined,
      digest: undefined,
      headers: undefined,
      trailers: undefined,
      attempts: 0,
    };
  }
}
