import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { type Product, ProductSchema } from "../../gen/bourse/product/v1/product_pb.ts";
import { maxConcurrentWrites, writeLimit } from "../storage/sqlite/kysely-thread-dialect.ts";
import { SharedLimit } from "../transport/protection/shared-limit.ts";
import { Catalogue, type CatalogueOptions } from "./catalogue.ts";

test("one client cannot use up the limit on concurrent writes", async () => {
  const limit = new SharedLimit(writeLimit, { peerShare: 0.5 });
  const database = Promise.withResolvers<void>();
  const store = {
    create: () => database.promise,
    update: async (_id: string, change: (current: Product) => Product) => {
      await database.promise;
      return change(create(ProductSchema, { name: "Lamp" }));
    },
  };
  const catalogue = new Catalogue({
    store: store as unknown as CatalogueOptions["store"],
    finder: {} as CatalogueOptions["finder"],
    ratings: {} as CatalogueOptions["ratings"],
    now: () => timestampFromMs(1_790_000_000_000),
    newId: () => "5b0c1f0e-7c58-4b0e-9a55-3a2f0f6f4b11",
    writeLimit: limit,
  });
  const lamp = create(ProductSchema, { name: "Lamp" });
  const pending: Promise<unknown>[] = [];
  for (let index = 0; index < maxConcurrentWrites / 2; index++) {
    pending.push(index % 2 === 0 ? catalogue.create(lamp, "a") : catalogue.delete(lamp.id, "", "a"));
  }
  for (const refused of [catalogue.create(lamp, "a"), catalogue.update(lamp, [], "a"), catalogue.delete("", "", "a")]) {
    await expect(refused).rejects.toThrow(
      "limit of 5,000 concurrent writes per client reached; retry when earlier ones have finished",
    );
  }
  pending.push(catalogue.create(lamp, "b"));
  database.resolve();
  await Promise.all(pending);
  expect([limit.used, limit.peerCount]).toEqual([0, 0]);
});
