import type { Client, ConnectError } from "@connectrpc/connect";
import { ExportMismatchError, type ExportPosition, exportOrders } from "../../../../client/order/export-orders.ts";
import type { CallState } from "../../../../client/shared/call-retry-tracker.ts";
import { systemTimers, type Timers } from "../../../../client/shared/timers.ts";
import { TransferRate } from "../../../../client/upload/transfer-rate.ts";
import type { OrderFilter } from "../../../../gen/bourse/order/v1/order_pb.ts";
import type { OrderService } from "../../../../gen/bourse/order/v1/order_service_pb.ts";
import { ChangeNotifier, type Schedule } from "../../shared/change-notifier.ts";
import { describeError } from "../../shared/describe-error.ts";
import { type Metadata, readCount, toMetadata, totalCountHeader, trailersOfError } from "../../shared/read-metadata.ts";
import { OrderRowStore } from "./order-row-store.ts";

/** The state of an export. The same object until it changes. */
export type ExportState = {
  /** The received orders. The store grows during the export. */
  readonly store: OrderRowStore;
  /** The number of received orders. */
  readonly received: number;
  /** The number of orders in the whole export; undefined before the headers arrive and if they do not have it. */
  readonly total: number | undefined;
  /** The number of orders received per second; undefined if it is unknown. */
  readonly perSecond: number | undefined;
  /** The running digest of the received orders, in lower-case hex; undefined if there are none. */
  readonly digest: string | undefined;
  readonly headers: Metadata | undefined;
  readonly trailers: Metadata | undefined;
  /** The number of calls. Each reconnect and each resume adds one. */
  readonly attempts: number;
} & (
  | { readonly kind: "idle" }
  | { readonly kind: "connecting" }
  | { readonly kind: "receiving" }
  /** The connection was lost. The next attempt starts at `retryAt`, in milliseconds of the timers' clock. */
  | { readonly kind: "reconnecting"; readonly retryAt: number; readonly reason: string }
  /** All orders are received, and count and digest are equal to the server's. */
  | { readonly kind: "complete" }
  /** The export ended with a count or digest that differs from the server's. */
  | { readonly kind: "mismatch" }
  /** The user cancelled. The export can be resumed. */
  | { readonly kind: "cancelled" }
  /** The store has reached its limit. */
  | { readonly kind: "full" }
  /** The error is not retryable. The user can resume nevertheless. */
  | { readonly kind: "failed"; readonly reason: string }
);

/** The longest time without a yield to the browser, in milliseconds: half a frame. */
const sliceMs = 8;

// Half the maximum of a response, because a response is decoded without a yield and must not take longer than a slice.
const batchSize = 500;

export interface OrderStreamOptions {
  client: Pick<Client<typeof OrderService>, "exportOrders">;
  /** Schedules updates of the page. */
  schedule: Schedule;
  /** Resolves after the event loop has run. */
  yieldToEventLoop(): Promise<void>;
  /** Returns a number from 0 to below 1. */
  random(): number;
  /** Creates the store of an export. Default: a store with the limits of a page. */
  newStore?(): OrderRowStore;
  /** Default: the platform's. */
  timers?: Timers;
}

/** Runs one export at a time, outside React. It works in slices and lets the browser render between them. */
export class OrderStream {
  readonly #options: OrderStreamOptions;
  readonly #timers: Timers;
  readonly #notifier: ChangeNotifier;
  readonly #rate = new TransferRate();
  #filter: OrderFilter | undefined;
  #position: ExportPosition | undefined;
  #call: AbortController | undefined;
  #state: ExportState;
  #snapshot: ExportState;

  constructor(options: OrderStreamOptions) {
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
    this.#state = this.#initialState();
    this.#snapshot = this.#state;
    this.#notifier = new ChangeNotifier(options.schedule, () => this.#updateSnapshot());
  }

  /** Adds a listener for changes of the state. The returned function removes it. */
  readonly subscribe = (listener: () => void): (() => void) => this.#notifier.subscribe(listener);

  /** Returns the state: the same object until it changes. */
  readonly state = (): ExportState => this.#snapshot;

  /** Starts a new export and ends the current one. Never rejects: errors are in the state. */
  async start(filter: OrderFilter): Promise<void> {
    this.close();
    this.#filter = filter;
    this.#position = undefined;
    this.#state = this.#initialState();
    await this.#run(filter);
  }

  /** Resumes a cancelled or failed export after the last received order. Reconnects immediately if it waits to retry. */
  async resume(): Promise<void> {
    const { kind } = this.#state;
    if (this.#filter === undefined) return;
    if (kind !== "cancelled" && kind !== "failed" && kind !== "reconnecting") return;
    this.close();
    await this.#run(this.#filter);
  }

  /** Cancels the current call, if any. Keeps the received orders. */
  cancel(): void {
    if (this.#call === undefined) return;
    this.close();
    this.#set({ ...this.#state, kind: "cancelled" });
  }

  /** Ends the current call without a change of the state. */
  close(): void {
    this.#call?.abort();
    this.#call = undefined;
  }

  async #run(filter: OrderFilter): Promise<void> {
    const call = new AbortController();
    const { signal } = call;
    this.#call = call;
    try {
      await this.#receive(filter, signal);
    } catch (reason) {
      if (signal.aborted) return;
      this.close();
      if (reason instanceof ExportMismatchError) this.#set({ ...this.#state, kind: "mismatch" });
      else this.#fail(reason, { kind: "failed", reason: describeError(reason) });
    }
  }

  async #receive(filter: OrderFilter, signal: AbortSignal): Promise<void> {
    const { client, yieldToEventLoop, random } = this.#options;
    const batches = exportOrders(client, {
      filter,
      batchSize,
      signal,
      random,
      timers: this.#timers,
      ...(this.#position !== undefined && { from: this.#position }),
      onState: (state) => signal.aborted || this.#onCallState(state),
      onHeader: (headers) => signal.aborted || this.#onHeaders(headers),
      onTrailer: (trailers) => signal.aborted || this.#set({ ...this.#state, trailers: toMetadata(trailers) }),
    });
    let sliceStart = this.#timers.now();
    for await (const { orders, position } of batches) {
      if (signal.aborted) return;
      if (!this.#append(orders, position)) return;
      if (this.#timers.now() - sliceStart < sliceMs) continue;
      await yieldToEventLoop();
      sliceStart = this.#timers.now();
    }
    if (signal.aborted) return;
    this.close();
    this.#set({ ...this.#state, kind: "complete" });
  }

  /** Stores a batch. Returns false if the store is full, which ends the export. */
  #append(orders: Parameters<OrderRowStore["append"]>[0], position: ExportPosition): boolean {
    const { store } = this.#state;
    const added = store.append(orders);
    if (added < orders.length) {
      this.close();
      this.#set({ ...this.#state, kind: "full" });
      return false;
    }
    this.#position = position;
    this.#rate.add(this.#timers.now(), store.count);
    this.#notifier.notify();
    return true;
  }

  #onHeaders(headers: Headers): void {
    const total = readCount(headers, totalCountHeader);
    this.#set({ ...this.#state, total, headers: toMetadata(headers) });
  }

  #onCallState(state: CallState): void {
    switch (state.kind) {
      case "connecting":
        this.#rate.restart(this.#timers.now(), this.#state.store.count);
        this.#set({ ...this.#state, kind: "connecting", attempts: this.#state.attempts + 1, trailers: undefined });
        break;
      case "live":
        this.#set({ ...this.#state, kind: "receiving" });
        break;
      case "retrying":
        this.#onRetry(state.reason, state.delayMs);
        break;
    }
  }

  #onRetry(reason: ConnectError, delayMs: number): void {
    const retryAt = this.#timers.now() + delayMs;
    this.#fail(reason, { kind: "reconnecting", retryAt, reason: describeError(reason) });
  }

  #fail(
    reason: unknown,
    change: { kind: "reconnecting"; retryAt: number; reason: string } | { kind: "failed"; reason: string },
  ): void {
    this.#set({ ...this.#state, trailers: trailersOfError(reason, this.#state.headers ?? []), ...change });
  }

  #set(state: ExportState): void {
    this.#state = state;
    this.#notifier.notify();
  }

  #updateSnapshot(): void {
    const isRunning = this.#call !== undefined;
    this.#state = {
      ...this.#state,
      received: this.#state.store.count,
      perSecond: isRunning ? this.#rate.perSecond(this.#timers.now()) : undefined,
      digest: this.#position?.digest,
    };
    this.#snapshot = this.#state;
  }

  #initialState(): ExportState {
    return {
      kind: "idle",
      store: this.#options.newStore?.() ?? new OrderRowStore(),
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
