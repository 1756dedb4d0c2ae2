import { expect, test } from "vitest";
import { SharedLimit } from "../../transport/protection/shared-limit.ts";
import type { AppendOutcome, OrderStore } from "../store/order-store.ts";
import { someOrder } from "../testing/any-order.ts";
import { encodeNewOrder } from "./encode-new-order.ts";
import {
  maxGroupOrders,
  maxWaitingOrders,
  OrderIntake,
  type SubmitOutcome,
  waitingOrderLimit,
} from "./order-intake.ts";

test("the orders that arrive during a commit are the next group", async () => {
  const { intake, commits, store } = manualIntake();
  const outcomes = submit(intake, 3);
  await store.asked();
  outcomes.push(...submit(intake, 5), ...submit(intake, 4));
  store.commit();
  await store.asked();
  store.commit();
  expect((await Promise.all(outcomes)).map(sequenceOf)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  expect(commits).toEqual([3, 9]);
});

test("no order is settled before its commit", async () => {
  const { intake, store } = manualIntake();
  const settled: SubmitOutcome[] = [];
  void intake.submit({ ...encodeNewOrder(someOrder(1)), settle: (outcome) => settled.push(outcome) });
  await store.asked();
  await new Promise((resolve) => setImmediate(resolve));
  expect(settled).toEqual([]);
  store.commit();
  await new Promise((resolve) => setImmediate(resolve));
  expect(settled.map(sequenceOf)).toEqual([1]);
});

test("commits and waiting orders have limits; at the limit a producer waits for capacity", async () => {
  const { intake, commits, store } = manualIntake();
  const waiting = submit(intake, 1);
  await store.asked();
  waiting.push(...submit(intake, maxWaitingOrders - 1));
  const blocked = intake.submit({ ...encodeNewOrder(someOrder(1)), settle: () => {} });
  expect(blocked).toBeInstanceOf(Promise);
  store.commit();
  await blocked;
  for (let commit = 0; commit < maxWaitingOrders / maxGroupOrders; commit++) {
    await store.asked();
    store.commit();
  }
  await Promise.all(waiting);
  expect(commits).toEqual([1, ...Array(maxWaitingOrders / maxGroupOrders).fill(maxGroupOrders)]);
});

test("clients share each commit equally, and others use the part that a client leaves", async () => {
  const { intake, commits, groups, store } = manualIntake();
  const outcomes = submit(intake, 3_000, "a");
  outcomes.push(...submit(intake, 10, "b"), ...submit(intake, 400, "c"));
  for (let commit = 0; commit < 4; commit++) {
    await store.asked();
    store.commit();
    await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all(outcomes);
  expect(commits).toEqual([1_024, 1_024, 1_024, 338]);
  expect(groups.map(countsOf)).toEqual([{ a: 614, b: 10, c: 400 }, { a: 1_024 }, { a: 1_024 }, { a: 338 }]);
  const ofA = groups.flat().filter((key) => key.startsWith("a"));
  expect(ofA).toEqual(Array.from({ length: 3_000 }, (_, n) => `a-${n}`));
});

test("a client that has used its share waits, and another client does not", async () => {
  const { intake, store } = manualIntake(new SharedLimit(waitingOrderLimit, { peerShare: 0.5 }));
  const waiting = submit(intake, maxWaitingOrders / 2, "a");
  const blocked = intake.submit({ ...encodeNewOrder(someOrder(1)), settle: () => {} }, "a");
  expect(blocked).toBeInstanceOf(Promise);
  expect(intake.submit({ ...encodeNewOrder(someOrder(1)), settle: () => {} }, "b")).toBeUndefined();
  await store.asked();
  await blocked;
  for (let commit = 0; commit < maxWaitingOrders / 2 / maxGroupOrders; commit++) {
    store.commit();
    await store.asked();
  }
  store.commit();
  await Promise.all(waiting);
});

test("a failed commit fails its orders, and the next group is committed", async () => {
  const { intake, store } = manualIntake();
  const first = submit(intake, 2);
  await store.asked();
  const second = submit(intake, 1);
  store.fail(new Error("no capacity"));
  expect(await Promise.all(first)).toEqual([1, 2].map(() => ({ kind: "failed", error: new Error("no capacity") })));
  await store.asked();
  store.commit();
  expect((await Promise.all(second)).map(sequenceOf)).toEqual([1]);
});

/** An intake whose commits the test controls. */
function manualIntake(limit?: SharedLimit) {
  const commits: number[] = [];
  const groups: string[][] = [];
  let newest = 0;
  let asked = Promise.withResolvers<void>();
  let done = Promise.withResolvers<void>();
  const append: OrderStore["append"] = async (orders) => {
    done = Promise.withResolvers();
    asked.resolve();
    await done.promise;
    commits.push(orders.length);
    groups.push(orders.map(({ order }) => order.key));
    return orders.map((): AppendOutcome => ({ kind: "stored", sequence: ++newest, duplicate: false }));
  };
  const store = {
    async asked() {
      await asked.promise;
      asked = Promise.withResolvers();
    },
    commit: () => done.resolve(),
    fail: (error: Error) => done.reject(error),
  };
  return { intake: new OrderIntake({ append } as OrderStore, limit), commits, groups, store };
}

function submit(intake: OrderIntake, count: number, peer?: string): Promise<SubmitOutcome>[] {
  return Array.from({ length: count }, (_, n) => {
    const { promise, resolve } = Promise.withResolvers<SubmitOutcome>();
    const order = encodeNewOrder(someOrder(n, { key: `${peer}-${n}` }));
    void intake.submit({ ...order, settle: resolve }, peer);
    return promise;
  });
}

/** Counts the orders of each client in a commit. */
function countsOf(keys: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const [peer = ""] of keys.map((key) => key.split("-"))) counts[peer] = (counts[peer] ?? 0) + 1;
  return counts;
}

function sequenceOf(outcome: SubmitOutcome): number {
  return outcome.kind === "stored" ? outcome.sequence : Number.NaN;
}
