import type { Client } from "@connectrpc/connect";
import type { Product, ProductRating } from "../../../../gen/bourse/product/v1/product_pb.ts";
import type { ProductService } from "../../../../gen/bourse/product/v1/product_service_pb.ts";
import { errorSentence } from "../../shared/error-sentence.ts";
import { Notifier, type Schedule } from "../../shared/notifier.ts";

/** What is shown of one product. The same object until it changes. */
export type DetailsState =
  | { readonly kind: "closed" }
  | { readonly kind: "loading"; readonly id: string }
  | {
      readonly kind: "shown";
      readonly id: string;
      readonly product: Product;
      readonly rating: ProductRating | undefined;
    }
  | { readonly kind: "failed"; readonly id: string; readonly reason: string };

/** Gets one product with its ratings and images. Another one takes its place. */
export class ProductDetails {
  readonly #client: Pick<Client<typeof ProductService>, "getProduct">;
  readonly #notifier: Notifier;
  #leave: AbortController | undefined;
  #state: DetailsState = { kind: "closed" };

  constructor(client: Pick<Client<typeof ProductService>, "getProduct">, schedule: Schedule) {
    this.#client = client;
    this.#notifier = new Notifier(schedule);
  }

  /** Calls the listener after the state changed; the returned function takes it away. */
  readonly subscribe = (listener: () => void): (() => void) => this.#notifier.subscribe(listener);

  /** The state: the same object until it changes. */
  readonly state = (): DetailsState => this.#state;

  /** Gets a product by its id. Never rejects: what goes wrong is in the state. */
  async open(id: string): Promise<void> {
    this.#leave?.abort();
    const leave = new AbortController();
    this.#leave = leave;
    this.#set({ kind: "loading", id });
    try {
      const { product, rating } = await this.#client.getProduct({ id }, { signal: leave.signal });
      if (leave.signal.aborted) return;
      if (product === undefined) this.#set({ kind: "failed", id, reason: "The server sent no product." });
      else this.#set({ kind: "shown", id, product, rating });
    } catch (reason) {
      if (!leave.signal.aborted) this.#set({ kind: "failed", id, reason: errorSentence(reason) });
    }
  }

  /** Shows none any more, and ends the call that is under way, if any. */
  close(): void {
    this.#leave?.abort();
    if (this.#state.kind !== "closed") this.#set({ kind: "closed" });
  }

  #set(state: DetailsState): void {
    this.#state = state;
    this.#notifier.touch();
  }
}
