import { toBinary } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import { DigestChain } from "../../../../client/digest-chain.ts";
import { type Product, ProductSchema } from "../../../../gen/bourse/product/v1/product_pb.ts";
import type { ProductService } from "../../../../gen/bourse/product/v1/product_service_pb.ts";
import { errorSentence } from "../../shared/error-sentence.ts";
import { headerNames } from "../../shared/header-names.ts";
import { type Metadata, metadataOf, trailersOf } from "../../shared/metadata.ts";
import { Notifier, type Schedule } from "../../shared/notifier.ts";

/** More products than this are not kept: the page is for looking, an export is for having all. */
export const maxProducts = 5_000;

/** Whether the products are those that the server says it sent; absent where it does not say. */
export type Checksum = "verified" | "wrong" | "absent";

/** How far the catalogue has come in. */
export type CatalogueState = {
  readonly products: readonly Product[];
  /** The number of all products; undefined until the headers came, or where they do not tell. */
  readonly total: number | undefined;
  /** Undefined until they came. */
  readonly headers: Metadata | undefined;
} & (
  | { readonly kind: "loading" }
  /** All of it is here. */
  | { readonly kind: "complete"; readonly trailers: Metadata; readonly checksum: Checksum }
  /** The page has taken as many as it keeps. */
  | { readonly kind: "cut" }
  | { readonly kind: "failed"; readonly reason: string; readonly trailers: Metadata }
);

const empty: CatalogueState = { kind: "loading", products: [], total: undefined, headers: undefined };

/** Takes the catalogue in, outside React: rows are shown as they arrive, once a turn of the schedule. */
export class CatalogueLoad {
  readonly #client: Client<typeof ProductService>;
  readonly #notifier: Notifier;
  #leave: AbortController | undefined;
  #products: Product[] = [];
  #state: CatalogueState = empty;
  #shown: CatalogueState = empty;

  constructor(client: Client<typeof ProductService>, schedule: Schedule) {
    this.#client = client;
    this.#notifier = new Notifier(schedule, () => {
      if (this.#state.products.length !== this.#products.length) {
        this.#state = { ...this.#state, products: this.#products.slice() };
      }
      this.#shown = this.#state;
    });
  }

  /** Calls the listener after the state changed; the returned function takes it away. */
  readonly subscribe = (listener: () => void): (() => void) => this.#notifier.subscribe(listener);

  /** The state: the same object until it changes. */
  readonly state = (): CatalogueState => this.#shown;

  /** Loads anew, in place of a load that is under way. */
  start(): void {
    this.cancel();
    this.#leave = new AbortController();
    void this.run(this.#leave.signal);
  }

  /** Cancels the load that is under way, if any. */
  cancel(): void {
    this.#leave?.abort();
  }

  /** Loads anew, until `signal` aborts. Never rejects: what goes wrong is in the state. One load at a time. */
  async run(signal: AbortSignal): Promise<void> {
    this.#products = [];
    this.#set(empty);
    const call = new AbortController();
    const digest = new DigestChain();
    let trailers = new Headers();
    try {
      const responses = this.#client.listProducts(
        {},
        {
          signal: AbortSignal.any([signal, call.signal]),
          onHeader: (received) => {
            if (signal.aborted) return;
            this.#set({ ...this.#state, total: totalOf(received), headers: metadataOf(received) });
          },
          onTrailer: (received) => {
            trailers = received;
          },
        },
      );
      for await (const { product } of responses) {
        if (signal.aborted) return;
        if (product === undefined) continue;
        if (this.#products.length >= maxProducts) {
          this.#set({ ...this.#state, kind: "cut" });
          return;
        }
        this.#products.push(product);
        digest.add(toBinary(ProductSchema, product));
        this.#notifier.touch();
      }
      this.#set({
        ...this.#state,
        kind: "complete",
        trailers: metadataOf(trailers),
        checksum: checked(trailers.get(headerNames.sha256), digest.hex),
      });
    } catch (reason) {
      if (signal.aborted) return;
      this.#set({
        ...this.#state,
        kind: "failed",
        reason: errorSentence(reason),
        trailers: trailersOf(reason, this.#state.headers ?? []),
      });
    } finally {
      call.abort();
    }
  }

  #set(state: CatalogueState): void {
    this.#state = state;
    this.#notifier.touch();
  }
}

function checked(told: string | null, own: string): Checksum {
  if (told === null) return "absent";
  return told === own ? "verified" : "wrong";
}

function totalOf(headers: Headers): number | undefined {
  const text = headers.get(headerNames.totalCount);
  return text !== null && /^\d+$/.test(text) ? Number(text) : undefined;
}
