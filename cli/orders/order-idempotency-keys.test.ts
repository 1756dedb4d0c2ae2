import { describe, expect, it } from "vitest";
import { OrderCsvColumns } from "./order-csv-columns.ts";
import { OccurrenceCounter, OrderIdempotencyKeys } from "./order-idempotency-keys.ts";

const header = ["invoice", "sku", "description", "quantity", "order date", "price", "customer id", "country"];
const columns = new OrderCsvColumns(header, { currency: "GBP" });
const line = (invoice: string, sku: string, quantity = "6") =>
  columns.read([invoice, sku, "", quantity, "2010-12-01", "2.55", "", "EIRE"]);

const keysOf = (lines: readonly ReturnType<typeof line>[], name = "day.csv") => {
  const keys = new OrderIdempotencyKeys(name);
  return lines.map((each) => keys.next(each));
};

describe("OrderIdempotencyKeys", () => {
  it("makes a key of file, invoice, line and ordinal, so a repeated line is a separate order", () => {
    const keys = keysOf([line("536365", "A"), line("536365", "A"), line("536365", "B"), line("536365", "A")]);
    expect(new Set(keys).size).toBe(4);
    expect(keys[0]).toMatch(/^day\.csv:536365:[0-9a-f]{12}:1$/);
    expect(keys[1]).toBe(keys[0]?.replace(/1$/, "2"));
    expect(keys[3]).toBe(keys[0]?.replace(/1$/, "3"));
  });

  it("makes the same keys after lines were corrected, added, removed or sorted", () => {
    const lines = [line("1", "A"), line("1", "A"), line("1", "B"), line("2", "A"), line("2", "A", "7")];
    const keys = keysOf(lines).sort();
    expect(keysOf(lines).sort()).toEqual(keys);
    expect(keysOf(lines.toReversed()).sort()).toEqual(keys);
    expect(keysOf([line("0", "NEW"), ...lines])).toEqual(expect.arrayContaining(keys));
    expect(keys).toEqual(expect.arrayContaining(keysOf(lines.slice(2))));
  });

  it("makes different keys for different files and invoices", () => {
    expect(keysOf([line("1", "A")], "other.csv")).not.toEqual(keysOf([line("1", "A")]));
    const [first, second] = keysOf([line("1", "A"), line("2", "A")]);
    expect(first).not.toBe(second);
  });

  it("respects the limit of the server for names of any length", () => {
    const keys = keysOf(
      [line("ä".repeat(64), "A"), line("ä".repeat(64), "A"), line("ö".repeat(64), "A")],
      "名".repeat(80),
    );
    for (const key of keys) expect(Buffer.byteLength(key)).toBeLessThanOrEqual(200);
    expect(new Set(keys).size).toBe(3);
  });
});

describe("OccurrenceCounter", () => {
  it("counts like a Map", () => {
    const [counter, map] = [new OccurrenceCounter(), new Map<number, number>()];
    for (let index = 0; index < 30_000; index++) {
      const value = (index % 2 === 0 ? index * 2 ** 32 : index * index) % 2 ** 48;
      map.set(value, (map.get(value) ?? 0) + 1);
      expect(counter.add(value)).toBe(map.get(value));
    }
  });
});
