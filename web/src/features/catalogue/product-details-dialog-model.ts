import type { Client } from "@connectrpc/connect";
import type { Product, ProductRating } from "../../../../gen/bourse/product/v1/product_pb.ts";
import type { ProductService } from "../../../../gen/bourse/product/v1/product_service_pb.ts";
import { ChangeNotifier, type Schedule } from "../../shared/change-notifier.ts";
import { describeError } from "../../shared/describe-error.ts";

/** The state of the dialog. The same object until it changes. */
export type ProductDetailsDialogState =
  | { readonly kind: "closed" }
  | { readonly kind: "loading"; readonly id: string }
  | {
      readonly kind: "loaded";
      readonly id: string;
      readonly product: Product;
      readonly rating: ProductRating | undefined;
    }
  | { readonly kind: "failed"; readonly id: string; readonly reason: string };

/** Loads one product with its rating and images. Opening another one cancels the current load. */
export class ProductDetailsDialogModel {
  readonly #client: Pick<Client<typeof ProductService>, "getProduct">;
  readonly #notifier: ChangeNotifier;
  #call: AbortController | undefined;
  #state: ProductDetailsDialogState = { kind: "closed" };

  constructor(client: Pick<Client<typeof ProductService>, "getProduct">, schedule: Schedule) {
    this.#client = client;
    this.#notifier = new ChangeNotifier(schedule);
  }

  /** Adds a listener for changes of the state. The returned function removes it. */
  readonly subscribe = (listener: () => void): (() => void) => this.#notifier.subscribe(listener);

  /** Returns the state: the same object until it changes. */
  readonly state = (): ProductDetailsDialogState => this.#state;

  /** Loads a product. Never rejects: errors are in the state. */
  async open(id: string): Promise<void> {
    this.#call?.abort();
    const call = new AbortController();
    this.#call = call;
    this.#set({ kind: "loading", id });
    try {
      const { product, rating } = await this.#client.getProduct({ id }, { signal: call.signal });
      if (call.signal.aborted) return;
      if (product === undefined) this.#set({ kind: "failed", id, reason: "The server sent no product." });
      else this.#set({ kind: "loaded", id, product, rating });
    } catch (reason) {
      if (!call.signal.aborted) this.#set({ kind: "failed", id, reason: describeError(reason) });
    }
  }

  /** Closes the dialog and cancels the current load, if any. */
  close(): void {
    this.#call?.abort();
    if (this.#state.kind !== "closed") this.#set({ kind: "closed" });
  }

  #set(state: ProductDetailsDialogState): void {
    this.#state = state;
    this.#notifier.notify();
  }
}
