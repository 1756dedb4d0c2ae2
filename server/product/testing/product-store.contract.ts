import { create, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Product, ProductSchema } from "../../../gen/bourse/product/v1/product_pb.ts";
import { AlreadyExistsError } from "../../shared/resource-errors.ts";
import type { ProductListing, ProductStore } from "../store/product-store.ts";
import { anyProduct } from "./any-product.ts";

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

    test("puts what a change makes in a product's place, and keeps its own place in the order", async () => {
      await using opened = await open();
      await opened.store.seed([product(1), product(2)]);
      expect(await opened.store.update(product(1).id, renamed("Lump"))).toEqual({ ...product(1), name: "Lump" });
      expect(await opened.store.get(product(1).id)).toEqual({ ...product(1), name: "Lump" });
      expect(await opened.store.update(product(3).id, renamed("Lump"))).toBeUndefined();
      await using listing = await opened.store.list();
      expect((await read(listing)).map(({ name }) => name)).toEqual(["Lump", product(2).name]);
    });

    test("changes nothing where the change throws", async () => {
      await using opened = await open();
      await opened.store.create(product(1));
      const failing = opened.store.update(product(1).id, () => {
        throw new Error("no");
      });
      await expect(failing).rejects.toThrow("no");
      expect(await opened.store.get(product(1).id)).toEqual(product(1));
    });

    test("does changes that come at once one after the other: none is lost", async () => {
      await using opened = await open();
      await opened.store.create(product(1));
      const add = (current: Product): Product => ({ ...current, description: `${current.description}x` });
      await Promise.all(Array.from({ length: 50 }, () => opened.store.update(product(1).id, add)));
      expect((await opened.store.get(product(1).id))?.description).toBe("x".repeat(50));
    });

    test("neither counts nor lists what is deleted, gives it back by its id, and does not give the id away", async () => {
      await using opened = await open();
      await opened.store.seed([product(1), product(2)]);
      const gone = await opened.store.update(product(1).id, deleted);
      expect(await opened.store.count()).toBe(1);
      expect(await opened.store.get(product(1).id)).toEqual(gone);
      await expect(opened.store.create(product(1))).rejects.toBeInstanceOf(AlreadyExistsError);
      await using listing = await opened.store.list();
      expect(listing.total).toBe(1);
      expect(await read(listing)).toEqual([product(2)]);
    });

    test("lists what there was when the listing was made, while others change and delete", async () => {
      await using opened = await open();
      const before = Array.from({ length: 250 }, (_, n) => product(n));
      await opened.store.seed(before);
      await opened.store.update(product(7).id, renamed("Seven"));
      await using listing = await opened.store.list();
      const listed: Product[] = [];
      for await (const page of listing.pages()) {
        listed.push(...page);
        for (const n of [0, 7, 120, 240]) await opened.store.update(product(n).id, renamed(`After ${listed.length}`));
        for (const n of [1, 130, 249]) await opened.store.update(product(n).id, deleted);
      }
      const then = before.map((each, n) => (n === 7 ? { ...each, name: "Seven" } : each));
      expect(listed).toEqual(then);
      expect(await read(listing)).toEqual(then);
      expect(listing.total).toBe(250);
      expect(await opened.store.count()).toBe(247);
    });

    test("keeps every listing as it was, whatever happens between and meanwhile", { timeout: 60_000 }, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(anyAction, { maxLength: 40 }), async (actions) => {
          await using opened = await open();
          const model = new Map<string, Product>();
          const listings: { listing: ProductListing; expected: Product[] }[] = [];
          for (const { kind, n } of actions) {
            const id = product(n).id;
            if (kind === "create") {
              await opened.store.create(product(n)).catch(() => {});
              if (!model.has(id)) model.set(id, product(n));
            } else if (kind === "rename" || kind === "delete") {
              const change = kind === "rename" ? renamed(`${model.get(id)?.name}+`) : deleted;
              const current = model.get(id);
              if (current?.deleteTime !== undefined) continue;
              await opened.store.update(id, change);
              if (current) model.set(id, change(current));
            } else if (kind === "open") {
              const expected = [...model.values()].filter((each) => each.deleteTime === undefined);
              listings.push({ listing: await opened.store.list(), expected });
            } else {
              await listings.splice(n % (listings.length || 1), 1)[0]?.listing[Symbol.asyncDispose]();
            }
            for (const { listing, expected } of listings) {
              expect(await read(listing)).toEqual(expected);
              expect(listing.total).toBe(expected.length);
            }
          }
        }),
        { numRuns: 30 },
      );
    });

    test("is seeded only where there never was a product", async () => {
      await using opened = await open();
      expect(await opened.store.seed([product(1), product(2)])).toBe(2);
      expect(await opened.store.seed([product(3)])).toBe(0);
      for (const n of [1, 2]) await opened.store.update(product(n).id, deleted);
      expect(await opened.store.seed([product(3)])).toBe(0);
      expect(await opened.store.count()).toBe(0);
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

const renamed =
  (name: string) =>
  (current: Product): Product => ({ ...current, name });

const deleted = (current: Product): Product => ({ ...current, deleteTime: timestampFromMs(1_790_000_000_000) });

const anyAction = fc.record({
  kind: fc.constantFrom("create", "rename", "delete", "open", "close"),
  n: fc.nat({ max: 4 }),
});

async function read(listing: ProductListing, signal?: AbortSignal): Promise<Product[]> {
  const products: Product[] = [];
  for await (const page of listing.pages(signal)) {
    expect(page.length).toBeGreaterThan(0);
    expect(page.length).toBeLessThanOrEqual(100);
    products.push(...page);
  }
  return products;
}
