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
  board.watch(symbols);
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

test("a burst is shown once a frame, with the newest value", () => {
  const { board, listener, turn, last, tasks } = setUp("ACME");
  for (let price = 1; price <= 10_000; price++) board.take([quote("ACME", price)]);
  expect(tasks).toHaveLength(1);
  expect(last("ACME")).toBeUndefined();
  turn();
  expect(last("ACME")).toBe(10_000);
  expect(listener).toHaveBeenCalledTimes(1);
});

test("a row is the same object until its own symbol is quoted", () => {
  const { board, turn } = setUp("ACME", "ZEN");
  board.take([quote("ACME", 1), quote("ZEN", 1)]);
  turn();
  const zen = board.row("ZEN");
  board.take([quote("ACME", 2)]);
  turn();
  expect(board.row("ZEN")).toBe(zen);
});

test("a move is told against what was shown, and stays until the next", () => {
  const { board, turn } = setUp("ACME");
  const prices = [10, 12, 12, 11];
  const moves = prices.map((price) => {
    board.take([quote("ACME", price)]);
    turn();
    const row = board.row("ACME");
    return row.kind === "quoted" ? `${row.last.direction} ${row.last.times}` : row.kind;
  });
  expect(moves).toEqual(["none 0", "up 1", "up 1", "down 2"]);
});

test("a pause holds what is shown, and resuming shows the newest and how many were skipped", () => {
  const { board, turn, last } = setUp("ACME");
  board.take([quote("ACME", 1)]);
  board.pause(PauseMode.CONFLATE);
  expect(last("ACME")).toBe(1);
  for (let price = 2; price <= 50; price++) board.take([quote("ACME", price)]);
  turn();
  expect(last("ACME")).toBe(1);
  expect(board.mode()).toEqual({ kind: "paused", mode: PauseMode.CONFLATE });
  board.resume(48n);
  expect(last("ACME")).toBe(50);
  expect(board.mode()).toEqual({ kind: "following", skipped: 48n });
});

test("quotes of symbols that are not watched are not kept", () => {
  const { board, turn } = setUp("ACME");
  board.take([quote("OTHER", 1)]);
  turn();
  expect(board.row("OTHER")).toEqual({ kind: "waiting" });
});

test("another watchlist keeps the rows that stay and forgets the rest", () => {
  const { board, turn, last } = setUp("ACME", "ZEN");
  board.take([quote("ACME", 1), quote("ZEN", 2)]);
  turn();
  board.watch(["ZEN", "NEW"]);
  expect(last("ZEN")).toBe(2);
  board.watch(["ACME", "ZEN", "NEW"]);
  expect(board.row("ACME")).toEqual({ kind: "waiting" });
});

test("a symbol that the server does not know is marked, until it does", () => {
  const { board, turn, last } = setUp("GHOST", "ACME");
  const answer = (status: SubscriptionStatus) =>
    board.answer([create(SubscriptionSchema, { symbol: "GHOST", status })]);
  answer(SubscriptionStatus.UNKNOWN_SYMBOL);
  turn();
  expect(board.row("GHOST")).toEqual({ kind: "unknown" });
  answer(SubscriptionStatus.ACCEPTED);
  board.take([quote("GHOST", 3)]);
  turn();
  expect(last("GHOST")).toBe(3);
});
