import { describe, expect, test } from "vitest";
import { AlreadyExistsError } from "../../../shared/api-resource-errors.ts";
import type { UploadRecord } from "../upload-record.ts";
import type { UploadStore } from "../upload-store.ts";

/** Tests the contract of UploadStore. `open` returns an empty store for each test. */
export function uploadStoreContract(open: () => Promise<{ store: UploadStore } & AsyncDisposable>): void {
  describe("an upload store", () => {
    test("returns inserted records completely, and nothing for an unknown id", async () => {
      await using opened = await open();
      const full = { size: 2 ** 40, sha256: "ab", contentType: "image/png", image: { width: 3, height: 4 } };
      const records = [record(1), record(2, { ...full, phase: "complete", productId: "p", committed: 2 ** 40 })];
      for (const each of records) await opened.store.insert(each);
      for (const each of records) expect(await opened.store.get(each.id)).toEqual(each);
      expect(await opened.store.get("none")).toBeUndefined();
      await expect(opened.store.insert(record(1))).rejects.toBeInstanceOf(AlreadyExistsError);
    });

    test("increases offsets only, and only those of open uploads", async () => {
      await using opened = await open();
      await opened.store.insert(record(1));
      await opened.store.insert(record(2));
      await opened.store.insert(record(3, { phase: "aborted" }));
      const all = [1, 2, 3].map((index) => ({ id: record(index).id, committed: 10 * index, updateMicros: 99 }));
      await opened.store.commitOffsets(all);
      await opened.store.commitOffsets([{ id: record(2).id, committed: 5, updateMicros: 100 }]);
      expect(await opened.store.get(record(1).id)).toMatchObject({ committed: 10, updateMicros: 99 });
      expect(await opened.store.get(record(2).id)).toMatchObject({ committed: 20, updateMicros: 99 });
      expect(await opened.store.get(record(3).id)).toMatchObject({ committed: 0 });
    });

    test("an update never decreases an offset", async () => {
      await using opened = await open();
      await opened.store.insert(record(1));
      await opened.store.commitOffsets([{ id: record(1).id, committed: 10, updateMicros: 2 }]);
      await opened.store.update(record(1, { generation: 7, committed: 3 }));
      expect(await opened.store.get(record(1).id)).toMatchObject({ generation: 7, committed: 10 });
    });

    test("lists the newest first, by phase and product, in pages", async () => {
      await using opened = await open();
      for (let index = 1; index <= 5; index++) {
        const productId = index % 2 === 0 ? "even" : "";
        await opened.store.insert(record(index, { productId, phase: index === 3 ? "complete" : "open" }));
      }
      const ids = async (query: Partial<Parameters<UploadStore["list"]>[0]>) => {
        const { records, next } = await opened.store.list({ phases: [], productId: "", limit: 2, ...query });
        return { numbers: records.map(({ fileName }) => Number(fileName)), next };
      };
      const first = await ids({});
      expect(first.numbers).toEqual([5, 4]);
      const second = await ids({ before: first.next });
      expect(second.numbers).toEqual([3, 2]);
      expect(await ids({ before: second.next })).toEqual({ numbers: [1], next: undefined });
      expect((await ids({ phases: ["complete"] })).numbers).toEqual([3]);
      expect((await ids({ phases: ["complete", "open"], productId: "even" })).numbers).toEqual([4, 2]);
    });

    test("finds the images of products, the oldest first, at most a number of each", async () => {
      await using opened = await open();
      const image = { phase: "complete", contentType: "image/png", image: { width: 1, height: 1 } } as const;
      for (const index of [1, 2, 3]) await opened.store.insert(record(index, { ...image, productId: "lamp" }));
      await opened.store.insert(record(4, { ...image, productId: "mug" }));
      await opened.store.insert(record(5, { phase: "complete", productId: "mug" }));
      await opened.store.insert(record(6, { ...image, phase: "open", productId: "mug" }));
      await opened.store.insert(record(7, { ...image, productId: "other" }));
      const found = await opened.store.imagesOf(["mug", "lamp", "none"], 2);
      const numbersOf = (id: string) =>
        found.filter(({ productId }) => productId === id).map(({ fileName }) => Number(fileName));
      expect([numbersOf("lamp"), numbersOf("mug"), found.length]).toEqual([[1, 2], [4], 3]);
      expect(await opened.store.imagesOf([], 2)).toEqual([]);
    });

    test("finds unchanged uploads, the oldest change first, and removes uploads", async () => {
      await using opened = await open();
      for (let index = 1; index <= 4; index++) await opened.store.insert(record(index, { updateMicros: 10 - index }));
      await opened.store.insert(record(5, { phase: "complete", updateMicros: 1 }));
      const old = await opened.store.unchangedSince(["open"], 9, 2);
      expect(old.map(({ fileName }) => fileName)).toEqual(["4", "3"]);
      await opened.store.remove(record(4).id);
      const seen: string[] = [];
      for await (const page of opened.store.all()) seen.push(...page.map(({ fileName }) => fileName));
      expect(seen).toEqual(["1", "2", "3", "5"]);
    });
  });
}

function record(index: number, change: Partial<UploadRecord> = {}): UploadRecord {
  const id = `00000000-0000-4000-8000-00000000000${index}`;
  const fresh = {
    phase: "open" as const,
    productId: "",
    committed: 0,
    generation: 1,
    createMicros: 1,
    updateMicros: 1,
  };
  return { id, fileName: `${index}`, ...fresh, ...change };
}
