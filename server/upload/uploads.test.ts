import { describe, expect, test } from "vitest";
import { id, metadata, openTestUploads, productId, type TestUploads } from "./testing/test-uploads.ts";

describe("the images of a product", () => {
  test("are its complete uploads that are images", async () => {
    await using store = await openTestUploads({ products: [productId] });
    const ids = [id, id.replace("3", "4"), id.replace("3", "5")];
    for (const each of ids) {
      const { generation } = await store.uploads.start({ ...metadata, id: each, productId });
      if (each === ids[2]) break;
      await store.uploads.finish(each, { generation, size: 0 });
    }
    await store.store.update({
      ...(await getRecord(store, ids[0])),
      contentType: "image/png",
      image: { width: 1, height: 2 },
    });
    expect((await store.uploads.imagesOf([productId], 10)).map((view) => view.id)).toEqual([id]);
  });
});

async function getRecord({ store }: TestUploads, each = "") {
  const record = await store.get(each);
  if (record === undefined) throw new Error(`unknown upload ${each}`);
  return record;
}
