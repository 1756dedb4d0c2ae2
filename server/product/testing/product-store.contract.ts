import { create, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Product, ProductSchema } from "../../../gen/bourse/product/v1/product_pb.ts";
import { AlreadyExistsError } from "../../shared/api-resource-errors.ts";
import type { ProductSnapshot, ProductStore } from "../store/product-store.ts";
import { anyProduct } from "./any-product.ts";

/** Tests the contract of {@link ProductStore}. `open` returns a new, empty store for each test. */
export function productStoreContract(open: () => Promise<{ store: ProductStore } & AsyncDisposable>): void {
  describe("a product store", () => {
    test("returns a created product, and undefined for an unknown id", async () => {
      await using opened = await open();
      await opened.store.create(product(1));
      expect(await opened.store.get(product(1).id)).toEqual(product(1));
      expect(await opened.store.get(product(2).id)).toBeUndefined();
    });

    test("returns any product byte for byte", async () => {
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

    test("adds one of several products that are created concurrently with the same id", async () => {
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

    test("lists in the order of creation over many pages, for any ids", async () => {
      await using opened = await open();
      const products = Array.from({ length: 350 }, (_, n) => product(1000 - n));
      await opened.store.seed(products.slice(0, 340));
      for (const each of products.slice(340)) await opened.store.create(each);
      await using snapshot = await opened.store.openSnapshot();
      expect(snapshot.total).toBe(350);
      expect(await read(snapshot)).toEqual(products);
      expect(await read(snapshot)).toEqual(products);
    });

    test("lists nothing for an empty store", async () => {
      await using opened = await open();
      await using snapshot = await opened.store.openSnapshot();
      await opened.store.create(product(1));
      expect(snapshot.total).toBe(0);
      expect(await read(snapshot)).toEqual([]);
    });

    test("a snapshot does not have products that are created later", async () => {
      await using opened = await open();
      const before = Array.from({ length: 250 }, (_, n) => product(n));
      await opened.store.seed(before);
      await using snapshot = await opened.store.openSnapshot();
      const listed: Product[] = [];
      let next = 1000;
      for await (const page of snapshot.pages()) {
        listed.push(...page);
        await opened.store.create(product(next++));
      }
      expect(next).toBeGreaterThan(1000);
      expect(listed).toEqual(before);
      expect(await opened.store.count()).toBe(250 + next - 1000);
    });

    test("throws the reason of the signal", async () => {
      await using opened = await open();
      await opened.store.seed(Array.from({ length: 350 }, (_, n) => product(n)));
      const controller = new AbortController();
      await using snapshot = await opened.store.openSnapshot();
      let pages = 0;
      const reading = async () => {
        for await (const _ of snapshot.pages(controller.signal)) {
          pages++;
          controller.abort(new Error("cancelled"));
        }
      };
      await expect(reading()).rejects.toThrow("cancelled");
      expect(pages).toBe(1);
    });

    test("yields to the event loop between two pages", async () => {
      await using opened = await open();
      await opened.store.seed(Array.from({ length: 350 }, (_, n) => product(n)));
      const controller = new AbortController();
      setImmediate(() => controller.abort(new Error("the event loop ran")));
      await using snapshot = await opened.store.openSnapshot();
      await expect(read(snapshot, controller.signal)).rejects.toThrow("the event loop ran");
    });

    test("an update replaces a product and keeps its position in the order", async () => {
      await using opened = await open();
      await opened.store.seed([product(1), product(2)]);
      expect(await opened.store.update(product(1).id, renamed("Lump"))).toEqual({ ...product(1), name: "Lump" });
      expect(await opened.store.get(product(1).id)).toEqual({ ...product(1), name: "Lump" });
      expect(await opened.store.update(product(3).id, renamed("Lump"))).toBeUndefined();
      await using snapshot = await opened.store.openSnapshot();
      expect((await read(snapshot)).map(({ name }) => name)).toEqual(["Lump", product(2).name]);
    });

    test("a change that throws has no effect", async () => {
      await using opened = await open();
      await opened.store.create(product(1));
      const failing = opened.store.update(product(1).id, () => {
        throw new Error("no");
      });
      await expect(failing).rejects.toThrow("no");
      expect(await opened.store.get(product(1).id)).toEqual(product(1));
    });

    test("concurrent changes run one after another, and none is lost", async () => {
      await using opened = await open();
      await opened.store.create(product(1));
      const add = (current: Product): Product => ({ ...current, description: `${current.description}x` });
      await Promise.all(Array.from({ length: 50 }, () => opened.store.update(product(1).id, add)));
      expect((await opened.store.get(product(1).id))?.description).toBe("x".repeat(50));
    });

    test("a deleted product is neither counted nor listed, but is returned and keeps its id", async () => {
      await using opened = await open();
      await opened.store.seed([product(1), product(2)]);
      const deletedProduct = await opened.store.update(product(1).id, deleted);
      expect(await opened.store.count()).toBe(1);
      expect(await opened.store.get(product(1).id)).toEqual(deletedProduct);
      await expect(opened.store.create(product(1))).rejects.toBeInstanceOf(AlreadyExistsError);
      await using snapshot = await opened.store.openSnapshot();
      expect(snapshot.total).toBe(1);
      expect(await read(snapshot)).toEqual([product(2)]);
    });

    test("a snapshot does not see later changes and deletions", async () => {
      await using opened = await open();
      const before = Array.from({ length: 250 }, (_, n) => product(n));
      await opened.store.seed(before);
      await opened.store.update(product(7).id, renamed("Seven"));
      await using snapshot = await opened.store.openSnapshot();
      const listed: Product[] = [];
      for await (const page of snapshot.pages()) {
        listed.push(...page);
        for (const n of [0, 7, 120, 240]) await opened.store.update(product(n).id, renamed(`After ${listed.length}`));
        for (const n of [1, 130, 249]) await opened.store.update(product(n).id, deleted);
      }
      const expected = before.map((each, n) => (n === 7 ? { ...each, name: "Seven" } : each));
      expect(listed).toEqual(expected);
      expect(await read(snapshot)).toEqual(expected);
      expect(snapshot.total).toBe(250);
      expect(await opened.store.count()).toBe(247);
    });

    test("no snapshot changes, for any sequence of operations", { tags: ["slow"], timeout: 60_000 }, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(anyAction, { maxLength: 40 }), async (actions) => {
          await using opened = await open();
          const model = new Map<string, Product>();
          const snapshots: { snapshot: ProductSnapshot; expected: Product[] }[] = [];
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
              snapshots.push({ snapshot: await opened.store.openSnapshot(), expected });
            } else {
              await snapshots.splice(n % (snapshots.length || 1), 1)[0]?.snapshot[Symbol.asyncDispose]();
            }
            for (const { snapshot, expected } of snapshots) {
              expect(await read(snapshot)).toEqual(expected);
              expect(snapshot.total).toBe(expected.length);
            }
          }
        }),
        { numRuns: 30 },
      );
    });

    test("is seeded only if it never had a product", async () => {
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

async function read(snapshot: ProductSnapshot, signal?: AbortSignal): Promise<Product[]> {
  const products: Product[] = [];
  for await (const page of snapshot.pages(signal)) {
    expect(page.length).toBeGreaterThan(0);
    expect(page.length).toBeLessThanOrEqual(100);
    products.push(...page);
  }
  return products;
}
