import type { Client } from "@connectrpc/connect";
import type { OrderFilter } from "../../../../gen/bourse/order/v1/order_pb.ts";
import type { GetOrderSummaryResponse, OrderService } from "../../../../gen/bourse/order/v1/order_service_pb.ts";
import { ChangeNotifier, type Schedule } from "../../shared/change-notifier.ts";
import { describeError } from "../../shared/describe-error.ts";

/** The summary of the selected orders. The same object until it changes. */
export type SummaryState =
  /** `previous` is shown until the new summary arrives. */
  | { readonly kind: "loading"; readonly previous: GetOrderSummaryResponse | undefined }
  | { readonly kind: "loaded"; readonly summary: GetOrderSummaryResponse }
  | { readonly kind: "failed"; readonly reason: string };

/** Loads the summary of a filter. A new load cancels the current one. */
export class OrderSummaryPanelModel {
  readonly #client: Pick<Client<typeof OrderService>, "getOrderSummary">;
  readonly #notifier: ChangeNotifier;
  #call: AbortController | undefined;
  #state: SummaryState = { kind: "loading", previous: undefined };

  constructor(client: Pick<Client<typeof OrderService>, "getOrderSummary">, schedule: Schedule) {
    this.#client = client;
    this.#notifier = new ChangeNotifier(schedule);
  }

  /** Adds a listener for changes of the state. The returned function removes it. */
  readonly subscribe = (listener: () => void): (() => void) => this.#notifier.subscribe(listener);

  /** Returns the state: the same object until it changes. */
  readonly state = (): SummaryState => this.#state;

  /** Loads the summary. Never rejects: errors are in the state. */
  async load(filter: OrderFilter): Promise<void> {
    this.close();
    const call = new AbortController();
    this.#call = call;
    this.#set({ kind: "loading", previous: this.#state.kind === "loaded" ? this.#state.summary : undefined });
    try {
      const summary = await this.#client.getOrderSummary({ filter }, { signal: call.signal });
      if (!call.signal.aborted) this.#set({ kind: "loaded", summary });
    } catch (reason) {
      if (!call.signal.aborted) this.#set({ kind: "failed", reason: describeError(reason) });
    }
  }

  /** Cancels the current call, if any. */
  close(): void {
    this.#call?.abort();
  }

  #set(state: SummaryState): void {
    this.#state = state;
    this.#notifier.notify();
  }
}
