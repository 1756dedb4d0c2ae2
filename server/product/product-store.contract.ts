import { create, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Product, ProductSchema } from "../../gen/bourse/product/v1/product_pb.ts";
import { AlreadyExistsError } from "../errors.ts";
import { anyProduct } from "./any-product.ts";
import type { ProductListing, ProductStore } from "./product-store.ts";

/** What every product store promises, as tests. `open` gives a store of its own, empty, to each. */
export function productStoreContract(open: () => Promise<{ store: ProductStore } & AsyncDisposable>): void {
  describe("a product store", () => {
    test("gives back what was created, and nothing for an id that is not taken", async () => {
      await using opened = await open();
      await opened.store.create(product(1));
      expect(await opened.store.get(product(1).id)).toEqual(product(1));
      expect(await opened.store.get(product(2).id)).toBeUndefined();
    });

    test("gives back any product byte for byte", async () => {
      await using opened = await open();
      const created = new Set<string>();
      await fc.assert(
        fc.asyncProperty(anyProduct, async (any) => {
          fc.pre(!created.has(any.id));
          created.add(any.id);
          await opened.store.create(any);
          const stored = await opened.store.get(any.id);
          expect(stored && toBinary(ProductSchema, stored)).toEqual(toBinary(ProductSchema, any));
        }),
      );
      expect(await opened.store.count()).toBe(created.size);
    });

    test("adds one of several products that are created with the same id at once", async () => {
      await using opened = await open();
      const attempts = Array.from({ length: 20 }, (_, n) => ({ ...product(1), name: `Attempt ${n}` }));
      const outcomes = await Promise.allSettled(attempts.map((attempt) => opened.store.create(attempt)));
      const winners = attempts.filter((_, n) => outcomes[n]?.status === "fulfilled");
      expect(winners).toHaveLength(1);
      for (const outcome of outcomes) {
        if (outcome.status === "rejected") expect(outcome.reason).toBeInstanceOf(AlreadyExistsError);
      }
      expect(await opened.store.get(product(1).id)).toEqual(winners[0]);
      expect(await opened.store.count()).toBe(1);
    });

    test("lists in the order of creation, whatever the ids, over many pages", async () => {
      await using opened = await open();
      const products = Array.from({ length: 350 }, (_, n) => product(1000 - n));
      await opened.store.seed(products.slice(0, 340));
      for (const each of products.slice(340)) await opened.store.create(each);
      await using listing = await opened.store.list();
      expect(listing.total).toBe(350);
      expect(await read(listing)).toEqual(products);
      expect(await read(listing)).toEqual(products);
    });

    test("lists nothing where there is nothing", async () => {
      await using opened = await open();
      await using listing = await opened.store.list();
      await opened.store.create(product(1));
      expect(listing.total).toBe(0);
      expect(await read(listing)).toEqual([]);
    });

    test("lists what there was when the listing was made, while others create", async () => {
      await using opened = await open();
      const before = Array.from({ length: 250 }, (_, n) => product(n));
      await opened.store.seed(before);
      await using listing = await opened.store.list();
      const listed: Product[] = [];
      let next = 1000;
      for await (const page of listing.pages()) {
        listed.push(...page);
        await opened.store.create(product(next++));
      }
      expect(next).toBeGreaterThan(1000);
      expect(listed).toEqual(before);
      expect(await opened.store.count()).toBe(250 + next - 1000);
    });

    test("stops listing with the reason of the signal", async () => {
      await using opened = await open();
      await opened.store.seed(Array.from({ length: 350 }, (_, n) => product(n)));
      const controller = new AbortController();
      await using listing = await opened.store.list();
      let pages = 0;
      const reading = async () => {
        for await (const _ of listing.pages(controller.signal)) {
          pages++;
          controller.abort(new Error("enough"));
        }
      };
      await expect(reading()).rejects.toThrow("enough");
      expect(pages).toBe(1);
    });

    test("lets timers and sockets have their turn between two pages", async () => {
      await using opened = await open();
      await opened.store.seed(Array.from({ length: 350 }, (_, n) => product(n)));
      const controller = new AbortController();
      setImmediate(() => controller.abort(new Error("a turn came")));
      await using listing = await opened.store.list();
      await expect(read(listing, controller.signal)).rejects.toThrow("a turn came");
    });

    test("is seeded only where it is empty", async () => {
      await using opened = await open();
      expect(await opened.store.seed([product(1), product(2)])).toBe(2);
      expect(await opened.store.seed([product(3)])).toBe(0);
      expect(await opened.store.count()).toBe(2);
    });

    test("is seeded with all products or none", async () => {
      await using opened = await open();
      await expect(opened.store.seed([product(1), product(2), product(1)])).rejects.toBeInstanceOf(AlreadyExistsError);
      expect(await opened.store.count()).toBe(0);
      expect(await opened.store.seed([product(1)])).toBe(1);
    });
  });
}

function product(n: number): Product {
  const id = `00000000-0000-4000-8000-${n.toString(16).padStart(12, "0")}`;
  return create(ProductSchema, {
    id,
    name: `A product, number ${n}`,
    price: { currencyCode: "USD", units: BigInt(n) },
  });
}

async function read(listing: ProductListing, signal?: AbortSignal): Promise<Product[]> {
  const products: Product[] = [];
  for await (const page of listing.pages(signal)) {
    expect(page.length).toBeGreaterThan(0);
    expect(page.length).toBeLessThanOrEqual(100);
    products.push(...page);
  }
  return products;
}
