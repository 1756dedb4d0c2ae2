import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { maxLineBytes } from "../../cli/csv/text-line-reader.ts";
import { maxEntries } from "../../cli/orders/order-idempotency-keys.ts";
import { orderFields } from "../../client/order/order-fields.ts";
import { defaultMaxInFlight } from "../../client/order/submit-orders.ts";

const page = readFileSync("docs/guides/import-export.md", "utf8");

test("docs/guides/import-export.md has the limits of the code", () => {
  for (const limit of [maxEntries, maxLineBytes, defaultMaxInFlight])
    expect(page).toContain(limit.toLocaleString("en"));
});

test("docs/guides/import-export.md has every field of an import", () => {
  const fields = [...page.matchAll(/^\| `(\w+)` \|/gm)].map(([, field]) => field);
  expect(fields).toEqual(orderFields);
});
