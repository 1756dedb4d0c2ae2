import type { Client } from "@connectrpc/connect";
import type { ProductService } from "../../../../gen/bourse/product/v1/product_service_pb.ts";
import { ChangeNotifier, type Schedule } from "../../shared/change-notifier.ts";

/** The maximum number of names to load. A product without a loaded name can be selected by its id. */
const maxNames = 2_000;

/** The names of products, for the selection of the product that an upload belongs to. */
export class ProductNames {
  readonly #client: Pick<Client<typeof ProductService>, "listProducts" | "getProduct">;
  readonly #notifier: ChangeNotifier;
  #names: ReadonlyMap<string, string> = new Map();
  #isRequested = false;

  constructor(client: Pick<Client<typeof ProductService>, "listProducts" | "getProduct">, schedule: Schedule) {
    this.#client = client;
    this.#notifier = new ChangeNotifier(schedule);
  }

  /** Adds a listener for changes of the names. The returned function removes it. */
  readonly subscribe = (listener: () => void): (() => void) => this.#notifier.subscribe(listener);

  /** Returns the known names by product id: the same map until it changes. */
  readonly names = (): ReadonlyMap<string, string> => this.#names;

  /** Loads the names of all products, once. A failed load can be repeated. */
  async load(): Promise<void> {
    if (this.#isRequested) return;
    this.#isRequested = true;
    const call = new AbortController();
    const names = new Map(this.#names);
    try {
      for await (const { product } of this.#client.listProducts({}, { signal: call.signal })) {
        if (product !== undefined) names.set(product.id, product.name);
        if (names.size >= maxNames) break;
      }
    } catch {
      this.#isRequested = false;
    } finally {
      call.abort();
      this.#set(names);
    }
  }

  /** Loads the name of one product. */
  async loadOne(id: string): Promise<void> {
    if (this.#names.has(id)) return;
    try {
      const { product } = await this.#client.getProduct({ id });
      if (product !== undefined) this.#set(new Map([...this.#names, [id, product.name]]));
    } catch {
      // The id is shown instead. If the product does not exist, the server rejects the upload.
    }
  }

  #set(names: ReadonlyMap<string, string>): void {
    this.#names = names;
    this.#notifier.notify();
  }
}
