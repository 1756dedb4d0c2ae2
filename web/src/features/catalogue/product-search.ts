import type { Client } from "@connectrpc/connect";
import { systemTimers, type Timers } from "../../../../client/shared/timers.ts";
import type { Product } from "../../../../gen/bourse/product/v1/product_pb.ts";
import type { ProductService, SearchProductsRequest } from "../../../../gen/bourse/product/v1/product_service_pb.ts";
import { errorSentence } from "../../shared/error-sentence.ts";
import { type Metadata, metadataOf, trailersOf } from "../../shared/metadata.ts";
import { Notifier, type Schedule } from "../../shared/notifier.ts";

/** Products that a call brings; the next ones come where the user asks for them. */
export const pageSize = 100;

/** More rows than this are not read, and make a browser slow: a narrower search finds the others. */
export const maxProducts = 1_000;

/** How long the user has to pause before a search begins, in milliseconds: not at every letter. */
export const pauseMs = 200;

/** How far a search has come. The same object until it changes. */
export type SearchState = {
  readonly products: readonly Product[];
  /** The products are those of the search before: none of this one has come yet. */
  readonly isStale: boolean;
  /** Undefined until they came. */
  readonly headers: Metadata | undefined;
  readonly trailers: Metadata | undefined;
} & (
  | { readonly kind: "searching" }
  /** Nothing was asked for yet. */
  | { readonly kind: "idle" }
  /** All that was found is here. */
  | { readonly kind: "complete" }
  /** There are more, which can be asked for, unless the page has as many as it shows. */
  | { readonly kind: "more"; readonly canAsk: boolean }
  | { readonly kind: "failed"; readonly reason: string }
);

/** Searches the catalogue, outside React: products are shown as they are found. A new search cancels the one before. */
export class ProductSearch {
  readonly #client: Pick<Client<typeof ProductService>, "searchProducts">;
  readonly #notifier: Notifier;
  readonly #timers: Timers;
  #request: SearchProductsRequest | undefined;
  #resumeToken: Uint8Array = new Uint8Array();
  #found: Product[] = [];
  #isBehind = false;
  #leave: AbortController | undefined;
  #unplan: () => void = () => {};
  #state: SearchState = { kind: "idle", products: [], isStale: true, headers: undefined, trailers: undefined };
  #shown: SearchState = this.#state;

  constructor(
    client: Pick<Client<typeof ProductService>, "searchProducts">,
    schedule: Schedule,
    timers: Timers = systemTimers,
  ) {
    this.#client = client;
    this.#timers = timers;
    this.#notifier = new Notifier(schedule, () => {
      // Copied once a turn, not for each product.
      if (this.#isBehind) this.#state = { ...this.#state, products: this.#found.slice(), isStale: false };
      this.#isBehind = false;
      this.#shown = this.#state;
    });
  }

  /** Calls the listener after the state changed; the returned function takes it away. */
  readonly subscribe = (listener: () => void): (() => void) => this.#notifier.subscribe(listener);

  /** The state: the same object until it changes. */
  readonly state = (): SearchState => this.#shown;

  /** Cancels the search under way, and begins another once no other was asked for during a pause. */
  ask(request: SearchProductsRequest): void {
    this.cancel();
    this.#unplan = this.#timers.after(pauseMs, () => void this.search(request));
  }

  /** Searches at once. Never rejects: what goes wrong is in the state. */
  async search(request: SearchProductsRequest): Promise<void> {
    this.cancel();
    this.#request = request;
    this.#found = [];
    this.#isBehind = false;
    this.#resumeToken = new Uint8Array();
    this.#set({ ...this.#state, kind: "searching", isStale: true, headers: undefined, trailers: undefined });
    await this.#run(request);
  }

  /** Goes on behind the last product: with the next ones, or where the search has failed. */
  async more(): Promise<void> {
    const { kind } = this.#state;
    if (this.#request === undefined || (kind !== "more" && kind !== "failed")) return;
    this.cancel();
    this.#set({ ...this.#state, kind: "searching" });
    await this.#run(this.#request);
  }

  /** Cancels the search that is under way or planned, if any. */
  cancel(): void {
    this.#unplan();
    this.#leave?.abort();
    this.#leave = undefined;
  }

  async #run(request: SearchProductsRequest): Promise<void> {
    const leave = new AbortController();
    const { signal } = leave;
    this.#leave = leave;
    try {
      await this.#read(request, signal);
    } catch (reason) {
      if (signal.aborted) return;
      this.#isBehind = true;
      const trailers = trailersOf(reason, this.#state.headers ?? []);
      this.#set({ ...this.#state, kind: "failed", reason: errorSentence(reason), trailers });
    } finally {
      leave.abort();
    }
  }

  async #read(request: SearchProductsRequest, signal: AbortSignal): Promise<void> {
    const room = Math.min(pageSize, maxProducts - this.#found.length);
    let trailers = new Headers();
    let kept = 0;
    // One more than is shown tells whether there are more.
    const responses = this.#client.searchProducts(
      { ...request, limit: room + 1, resumeToken: this.#resumeToken },
      {
        signal,
        onHeader: (headers) => signal.aborted || this.#set({ ...this.#state, headers: metadataOf(headers) }),
        onTrailer: (received) => {
          trailers = received;
        },
      },
    );
    let isMore = false;
    for await (const { product, resumeToken } of responses) {
      if (signal.aborted) return;
      if (product === undefined) continue;
      if (kept === room) {
        isMore = true;
        continue; // The trailers follow.
      }
      kept++;
      this.#found.push(product);
      this.#resumeToken = resumeToken;
      this.#isBehind = true;
      this.#notifier.touch();
    }
    if (signal.aborted) return;
    this.#isBehind = true;
    const rest = { ...this.#state, trailers: metadataOf(trailers) };
    this.#set(
      isMore ? { ...rest, kind: "more", canAsk: this.#found.length < maxProducts } : { ...rest, kind: "complete" },
    );
  }

  #set(state: SearchState): void {
    this.#state = state;
    this.#notifier.touch();
  }
}
