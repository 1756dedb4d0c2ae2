import { create } from "@bufbuild/protobuf";
import { expect, test, vi } from "vitest";
import {
  PauseMode,
  QuoteSchema,
  SubscriptionSchema,
  SubscriptionStatus,
} from "../../../../gen/bourse/quote/v1/quote_pb.ts";
import { QuoteBoard } from "./quote-board.ts";

function quote(symbol: string, last: number) {
  return create(QuoteSchema, { symbol, last });
}

function setUp(...symbols: string[]) {
  const tasks: (() => void)[] = [];
  const board = new QuoteBoard((task) => void tasks.push(task));
  board.setSymbols(symbols);
  const listener = vi.fn();
  board.subscribe(listener);
  const turn = (): void => {
    for (const task of tasks.splice(0)) task();
  };
  const last = (symbol: string): number | undefined => {
    const row = board.row(symbol);
    return row.kind === "quoted" ? row.quote.last : undefined;
  };
  return { board, listener, turn, last, tasks };
}

test("a burst of quotes is shown once, with the newest value", () => {
  const { board, listener, turn, last, tasks } = setUp("ACME");
  for (let price = 1; price <= 10_000; price++) board.addQuotes([quote("ACME", price)]);
  expect(tasks).toHaveLength(1);
  expect(last("ACME")).toBeUndefined();
  turn();
  expect(last("ACME")).toBe(10_000);
  expect(listener).toHaveBeenCalledTimes(1);
});

test("a row is the same object until a quote of its symbol", () => {
  const { board, turn } = setUp("ACME", "ZEN");
  board.addQuotes([quote("ACME", 1), quote("ZEN", 1)]);
  turn();
  const zen = board.row("ZEN");
  board.addQuotes([quote("ACME", 2)]);
  turn();
  expect(board.row("ZEN")).toBe(zen);
});

test("a move is relative to the shown price, and stays until the next one", () => {
  const { board, turn } = setUp("ACME");
  const prices = [10, 12, 12, 11];
  const moves = prices.map((price) => {
    board.addQuotes([quote("ACME", price)]);
    turn();
    const row = board.row("ACME");
    return row.kind === "quoted" ? `${row.last.direction} ${row.last.count}` : row.kind;
  });
  expect(moves).toEqual(["none 0", "up 1", "up 1", "down 2"]);
});

test("a pause freezes the rows; resume shows the newest quotes and the number of skipped ones", () => {
  const { board, turn, last } = setUp("ACME");
  board.addQuotes([quote("ACME", 1)]);
  board.pause(PauseMode.CONFLATE);
  expect(last("ACME")).toBe(1);
  for (let price = 2; price <= 50; price++) board.addQuotes([quote("ACME", price)]);
  turn();
  expect(last("ACME")).toBe(1);
  expect(board.mode()).toEqual({ kind: "paused", mode: PauseMode.CONFLATE });
  board.resume(48n);
  expect(last("ACME")).toBe(50);
  expect(board.mode()).toEqual({ kind: "following", skipped: 48n });
});

test("quotes of other symbols are ignored", () => {
  const { board, turn } = setUp("ACME");
  board.addQuotes([quote("OTHER", 1)]);
  turn();
  expect(board.row("OTHER")).toEqual({ kind: "empty" });
});

test("a new list of symbols keeps existing rows and removes the others", () => {
  const { board, turn, last } = setUp("ACME", "ZEN");
  board.addQuotes([quote("ACME", 1), quote("ZEN", 2)]);
  turn();
  board.setSymbols(["ZEN", "NEW"]);
  expect(last("ZEN")).toBe(2);
  board.setSymbols(["ACME", "ZEN", "NEW"]);
  expect(board.row("ACME")).toEqual({ kind: "empty" });
});

test("an unknown symbol is marked until the server has it", () => {
  const { board, turn, last } = setUp("GHOST", "ACME");
  const answer = (status: SubscriptionStatus) =>
    board.applySubscriptions([create(SubscriptionSchema, { symbol: "GHOST", status })]);
  answer(SubscriptionStatus.UNKNOWN_SYMBOL);
  turn();
  expect(board.row("GHOST")).toEqual({ kind: "unknown" });
  answer(SubscriptionStatus.ACCEPTED);
  board.addQuotes([quote("GHOST", 3)]);
  turn();
  expect(last("GHOST")).toBe(3);
});
