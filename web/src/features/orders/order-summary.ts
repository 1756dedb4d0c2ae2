import type { Client } from "@connectrpc/connect";
import type { OrderFilter } from "../../../../gen/bourse/order/v1/order_pb.ts";
import type { GetOrderSummaryResponse, OrderService } from "../../../../gen/bourse/order/v1/order_service_pb.ts";
import { errorSentence } from "../../shared/error-sentence.ts";
import { Notifier, type Schedule } from "../../shared/notifier.ts";

/** What is known of the orders that a filter selects. The same object until it changes. */
export type SummaryState =
  /** Being asked for; `last` is what was known before. */
  | { readonly kind: "loading"; readonly last: GetOrderSummaryResponse | undefined }
  | { readonly kind: "known"; readonly summary: GetOrderSummaryResponse }
  | { readonly kind: "failed"; readonly reason: string };

/** Asks for the summary of a selection. A new question takes the place of one under way. */
export class OrderSummary {
  readonly #client: Pick<Client<typeof OrderService>, "getOrderSummary">;
  readonly #notifier: Notifier;
  #leave: AbortController | undefined;
  #state: SummaryState = { kind: "loading", last: undefined };

  constructor(client: Pick<Client<typeof OrderService>, "getOrderSummary">, schedule: Schedule) {
    this.#client = client;
    this.#notifier = new Notifier(schedule);
  }

  /** Calls the listener after the state changed; the returned function takes it away. */
  readonly subscribe = (listener: () => void): (() => void) => this.#notifier.subscribe(listener);

  /** The state: the same object until it changes. */
  readonly state = (): SummaryState => this.#state;

  /** Asks. Never rejects: what goes wrong is in the state. */
  async ask(filter: OrderFilter): Promise<void> {
    this.close();
    const leave = new AbortController();
    this.#leave = leave;
    this.#set({ kind: "loading", last: this.#state.kind === "known" ? this.#state.summary : undefined });
    try {
      const summary = await this.#client.getOrderSummary({ filter }, { signal: leave.signal });
      if (!leave.signal.aborted) this.#set({ kind: "known", summary });
    } catch (reason) {
      if (!leave.signal.aborted) this.#set({ kind: "failed", reason: errorSentence(reason) });
    }
  }

  /** Ends the call that is under way, if any. */
  close(): void {
    this.#leave?.abort();
  }

  #set(state: SummaryState): void {
    this.#state = state;
    this.#notifier.touch();
  }
}
