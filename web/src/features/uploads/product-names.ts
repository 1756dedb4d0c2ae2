import type { Client } from "@connectrpc/connect";
import type { ProductService } from "../../../../gen/bourse/product/v1/product_service_pb.ts";
import { Notifier, type Schedule } from "../../shared/notifier.ts";

/** More products than this cannot be chosen among by name: who has more comes from the product itself. */
const maxNames = 2_000;

/** The products that an upload can belong to, by their names. */
export class ProductNames {
  readonly #client: Pick<Client<typeof ProductService>, "listProducts" | "getProduct">;
  readonly #notifier: Notifier;
  #names: ReadonlyMap<string, string> = new Map();
  #hasAsked = false;

  constructor(client: Pick<Client<typeof ProductService>, "listProducts" | "getProduct">, schedule: Schedule) {
    this.#client = client;
    this.#notifier = new Notifier(schedule);
  }

  readonly subscribe = (listener: () => void): (() => void) => this.#notifier.subscribe(listener);

  /** Names by id, as far as they are known. The same map until it changes. */
  readonly names = (): ReadonlyMap<string, string> => this.#names;

  /** Asks for all products, once; again where that failed. */
  async load(): Promise<void> {
    if (this.#hasAsked) return;
    this.#hasAsked = true;
    const end = new AbortController();
    const names = new Map(this.#names);
    try {
      for await (const { product } of this.#client.listProducts({}, { signal: end.signal })) {
        if (product !== undefined) names.set(product.id, product.name);
        if (names.size >= maxNames) break;
      }
    } catch {
      this.#hasAsked = false;
    } finally {
      end.abort();
      this.#set(names);
    }
  }

  /** Asks for the name of one product. */
  async find(id: string): Promise<void> {
    if (this.#names.has(id)) return;
    try {
      const { product } = await this.#client.getProduct({ id });
      if (product !== undefined) this.#set(new Map([...this.#names, [id, product.name]]));
    } catch {
      // Its id is shown instead; the server refuses the upload where the product does not exist.
    }
  }

  #set(names: ReadonlyMap<string, string>): void {
    this.#names = names;
    this.#notifier.touch();
  }
}
