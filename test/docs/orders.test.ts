import { readFile } from "node:fs/promises";
import { create, toBinary } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { DigestChain } from "../../client/order/digest-chain.ts";
import { OrderSchema } from "../../gen/bourse/order/v1/order_pb.ts";

test("the example of docs/concepts/orders.md has the correct row and digest", async () => {
  const page = await readFile(new URL("../../docs/concepts/orders.md", import.meta.url), "utf8");
  const [row, digest] = Array.from(page.matchAll(/```text\n([0-9a-f]+)\n```/g), ([, hex]) => hex);
  const order = create(OrderSchema, {
    sequence: 1n,
    key: "a/1",
    orderNumber: "536365",
    productCode: "85123A",
    description: "HOLDER",
    quantity: -2,
    unitPrice: { currencyCode: "GBP", units: 2n, nanos: 550_000_000 },
    customerId: "17850",
    country: "France",
    placedAt: { seconds: BigInt(Date.parse("2010-12-01T08:26:00Z") / 1_000) },
  });
  const bytes = toBinary(OrderSchema, order);
  expect(Buffer.from(bytes).toString("hex")).toBe(row);
  const chain = new DigestChain();
  chain.add(bytes);
  expect(chain.hex).toBe(digest);
});
