import { create } from "@bufbuild/protobuf";
import { expect, test, vi } from "vitest";
import {
  PauseMode,
  QuoteSchema,
  SubscriptionSchema,
  SubscriptionStatus,
} from "../../../../gen/bourse/quote/v1/quote_pb.ts";
import { QuoteTableModel } from "./quote-table-model.ts";

function quote(symbol: string, last: number) {
  return create(QuoteSchema, { symbol, last });
}

function setUp(...symbols: string[]) {
  const tasks: (() => void)[] = [];
  const table = new QuoteTableModel((task) => void tasks.push(task));
  table.setSymbols(symbols);
  const listener = vi.fn();
  table.subscribe(listener);
  const turn = (): void => {
    for (const task of tasks.splice(0)) task();
  };
  const last = (symbol: string): number | undefined => {
    const row = table.row(symbol);
    return row.kind === "quoted" ? row.quote.last : undefined;
  };
  return { table, listener, turn, last, tasks };
}

test("a burst of quotes is shown once, with the newest value", () => {
  const { table, listener, turn, last, tasks } = setUp("ACME");
  for (let price = 1; price <= 10_000; price++) table.addQuotes([quote("ACME", price)]);
  expect(tasks).toHaveLength(1);
  expect(last("ACME")).toBeUndefined();
  turn();
  expect(last("ACME")).toBe(10_000);
  expect(listener).toHaveBeenCalledTimes(1);
});

test("a row is the same object until a quote of its symbol", () => {
  const { table, turn } = setUp("ACME", "ZEN");
  table.addQuotes([quote("ACME", 1), quote("ZEN", 1)]);
  turn();
  const zen = table.row("ZEN");
  table.addQuotes([quote("ACME", 2)]);
  turn();
  expect(table.row("ZEN")).toBe(zen);
});

test("a move is relative to the shown price, and stays until the next one", () => {
  const { table, turn } = setUp("ACME");
  const prices = [10, 12, 12, 11];
  const moves = prices.map((price) => {
    table.addQuotes([quote("ACME", price)]);
    turn();
    const row = table.row("ACME");
    return row.kind === "quoted" ? `${row.last.direction} ${row.last.count}` : row.kind;
  });
  expect(moves).toEqual(["none 0", "up 1", "up 1", "down 2"]);
});

test("a pause freezes the rows; resume shows the newest quotes and the number of skipped ones", () => {
  const { table, turn, last } = setUp("ACME");
  table.addQuotes([quote("ACME", 1)]);
  table.pause(PauseMode.CONFLATE);
  expect(last("ACME")).toBe(1);
  for (let price = 2; price <= 50; price++) table.addQuotes([quote("ACME", price)]);
  turn();
  expect(last("ACME")).toBe(1);
  expect(table.mode()).toEqual({ kind: "paused", mode: PauseMode.CONFLATE });
  table.resume(48n);
  expect(last("ACME")).toBe(50);
  expect(table.mode()).toEqual({ kind: "following", skipped: 48n });
});

test("quotes of other symbols are ignored", () => {
  const { table, turn } = setUp("ACME");
  table.addQuotes([quote("OTHER", 1)]);
  turn();
  expect(table.row("OTHER")).toEqual({ kind: "empty" });
});

test("a new list of symbols keeps existing rows and removes the others", () => {
  const { table, turn, last } = setUp("ACME", "ZEN");
  table.addQuotes([quote("ACME", 1), quote("ZEN", 2)]);
  turn();
  table.setSymbols(["ZEN", "NEW"]);
  expect(last("ZEN")).toBe(2);
  table.setSymbols(["ACME", "ZEN", "NEW"]);
  expect(table.row("ACME")).toEqual({ kind: "empty" });
});

test("an unknown symbol is marked until the server has it", () => {
  const { table, turn, last } = setUp("GHOST", "ACME");
  const answer = (status: SubscriptionStatus) =>
    table.applySubscriptions([create(SubscriptionSchema, { symbol: "GHOST", status })]);
  answer(SubscriptionStatus.UNKNOWN_SYMBOL);
  turn();
  expect(table.row("GHOST")).toEqual({ kind: "unknown" });
  answer(SubscriptionStatus.ACCEPTED);
  table.addQuotes([quote("GHOST", 3)]);
  turn();
  expect(last("GHOST")).toBe(3);
});
