import type { Client } from "@connectrpc/connect";
import { systemTimers, type Timers } from "../../../../client/shared/timers.ts";
import type { Product } from "../../../../gen/bourse/product/v1/product_pb.ts";
import type { ProductService, SearchProductsRequest } from "../../../../gen/bourse/product/v1/product_service_pb.ts";
import { ChangeNotifier, type Schedule } from "../../shared/change-notifier.ts";
import { describeError } from "../../shared/describe-error.ts";
import { type Metadata, toMetadata, trailersOfError } from "../../shared/read-metadata.ts";

/** The number of products that one call loads. */
export const pageSize = 100;

/** The maximum number of products in the page: more would make it slow. */
export const maxProducts = 1_000;

/** The delay after the last change of the form before a search starts, in milliseconds. */
export const debounceMs = 200;

/** The state of a search. The same object until it changes. */
export type SearchState = {
  readonly products: readonly Product[];
  /** Whether the products are those of the previous search, because the current one has none yet. */
  readonly isStale: boolean;
  /** Undefined until they are received. */
  readonly headers: Metadata | undefined;
  readonly trailers: Metadata | undefined;
} & (
  | { readonly kind: "searching" }
  /** No search has started. */
  | { readonly kind: "idle" }
  /** All found products are loaded. */
  | { readonly kind: "complete" }
  /** There are more products. They can be loaded unless the page has reached {@link maxProducts}. */
  | { readonly kind: "more"; readonly canLoadMore: boolean }
  | { readonly kind: "failed"; readonly reason: string }
);

/** Searches the catalogue, outside React. Shows products as they arrive. A new search cancels the current one. */
export class ProductSearch {
  readonly #client: Pick<Client<typeof ProductService>, "searchProducts">;
  readonly #notifier: ChangeNotifier;
  readonly #timers: Timers;
  #request: SearchProductsRequest | undefined;
  #resumeToken: Uint8Array = new Uint8Array();
  #found: Product[] = [];
  #isChanged = false;
  #call: AbortController | undefined;
  #cancelDebounce: () => void = () => {};
  #state: SearchState = { kind: "idle", products: [], isStale: true, headers: undefined, trailers: undefined };
  #snapshot: SearchState = this.#state;

  constructor(
    client: Pick<Client<typeof ProductService>, "searchProducts">,
    schedule: Schedule,
    timers: Timers = systemTimers,
  ) {
    this.#client = client;
    this.#timers = timers;
    this.#notifier = new ChangeNotifier(schedule, () => {
      // Copied once for each notification, not for each product.
      if (this.#isChanged) this.#state = { ...this.#state, products: this.#found.slice(), isStale: false };
      this.#isChanged = false;
      this.#snapshot = this.#state;
    });
  }

  /** Adds a listener for changes of the state. The returned function removes it. */
  readonly subscribe = (listener: () => void): (() => void) => this.#notifier.subscribe(listener);

  /** Returns the state: the same object until it changes. */
  readonly state = (): SearchState => this.#snapshot;

  /** Cancels the current search, and starts another after {@link debounceMs} without a further call. */
  searchDebounced(request: SearchProductsRequest): void {
    this.cancel();
    this.#cancelDebounce = this.#timers.after(debounceMs, () => void this.search(request));
  }

  /** Starts a search immediately. Never rejects: errors are in the state. */
  async search(request: SearchProductsRequest): Promise<void> {
    this.cancel();
    this.#request = request;
    this.#found = [];
    this.#isChanged = false;
    this.#resumeToken = new Uint8Array();
    this.#set({ ...this.#state, kind: "searching", isStale: true, headers: undefined, trailers: undefined });
    await this.#run(request);
  }

  /** Loads the products after the last one, even after a failure. */
  async loadMore(): Promise<void> {
    const { kind } = this.#state;
    if (this.#request === undefined || (kind !== "more" && kind !== "failed")) return;
    this.cancel();
    this.#set({ ...this.#state, kind: "searching" });
    await this.#run(this.#request);
  }

  /** Cancels the current and the scheduled search, if any. */
  cancel(): void {
    this.#cancelDebounce();
    this.#call?.abort();
    this.#call = undefined;
  }

  async #run(request: SearchProductsRequest): Promise<void> {
    const call = new AbortController();
    const { signal } = call;
    this.#call = call;
    try {
      await this.#read(request, signal);
    } catch (reason) {
      if (signal.aborted) return;
      this.#isChanged = true;
      const trailers = trailersOfError(reason, this.#state.headers ?? []);
      this.#set({ ...this.#state, kind: "failed", reason: describeError(reason), trailers });
    } finally {
      call.abort();
    }
  }

  async #read(request: SearchProductsRequest, signal: AbortSignal): Promise<void> {
    const limit = Math.min(pageSize, maxProducts - this.#found.length);
    let trailers = new Headers();
    let added = 0;
    // Requests one product more than it shows, to know whether there are more.
    const responses = this.#client.searchProducts(
      { ...request, limit: limit + 1, resumeToken: this.#resumeToken },
      {
        signal,
        onHeader: (headers) => signal.aborted || this.#set({ ...this.#state, headers: toMetadata(headers) }),
        onTrailer: (received) => {
          trailers = received;
        },
      },
    );
    let hasMore = false;
    for await (const { product, resumeToken } of responses) {
      if (signal.aborted) return;
      if (product === undefined) continue;
      if (added === limit) {
        hasMore = true;
        continue; // reads on until the trailers
      }
      added++;
      this.#found.push(product);
      this.#resumeToken = resumeToken;
      this.#isChanged = true;
      this.#notifier.notify();
    }
    if (signal.aborted) return;
    this.#isChanged = true;
    const rest = { ...this.#state, trailers: toMetadata(trailers) };
    this.#set(
      hasMore
        ? { ...rest, kind: "more", canLoadMore: this.#found.length < maxProducts }
        : { ...rest, kind: "complete" },
    );
  }

  #set(state: SearchState): void {
    this.#state = state;
    this.#notifier.notify();
  }
}
