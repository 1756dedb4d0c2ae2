import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import type { Order } from "../../../gen/bourse/order/v1/order_pb.ts";
import { SubmitOrdersRequestSchema } from "../../../gen/bourse/order/v1/order_service_pb.ts";
import type { OrderStore } from "../store/order-store.ts";
import { someOrder } from "../testing/any-order.ts";
import { OrderIntake, type SubmittedOrder } from "./order-intake.ts";
import { submitOrders } from "./submit-orders-handler.ts";

test("if the requests fail, the orders that were read receive their responses first, without a time limit", async () => {
  const disk = Promise.withResolvers<void>();
  const append = async (orders: readonly SubmittedOrder[]) => {
    await disk.promise;
    return orders.map((_, index) => ({ kind: "stored" as const, sequence: index + 1, duplicate: false }));
  };
  async function* requests() {
    yield create(SubmitOrdersRequestSchema, { order: someOrder(0) });
    throw new Error("the client disconnected");
  }
  const answers = submitOrders(requests(), new OrderIntake({ append } as unknown as OrderStore), new AbortController());
  const first = answers.next();
  for (let turn = 0; turn < 10; turn++) await setImmediate(); // an unhandled rejection would end the process
  disk.resolve();
  expect((await first).value).toMatchObject({ index: 0n, result: { case: "accepted" } });
  await expect(answers.next()).rejects.toThrow("the client disconnected");
});

test("an order is released before its response is sent: a rejected order can be as large as a message", async () => {
  const submitted: WeakRef<Order>[] = [];
  async function* requests() {
    for (let n = 0; n < 20; n++) {
      const order = someOrder(n, n % 2 === 0 ? { description: "x".repeat(1_001) } : {});
      submitted.push(new WeakRef(order));
      yield create(SubmitOrdersRequestSchema, { order });
    }
  }
  const append = async (orders: readonly SubmittedOrder[]) =>
    orders.map((_, index) => ({ kind: "stored" as const, sequence: index + 1, duplicate: false }));
  const intake = new OrderIntake({ append } as unknown as OrderStore);
  const answers = submitOrders(requests(), intake, new AbortController());
  await answers.next();
  for (let turn = 0; turn < 10; turn++) await setImmediate();
  collectGarbage();
  expect(submitted.length).toBe(20);
  expect(submitted.filter((order) => order.deref() !== undefined)).toEqual([]);
  expect((await Array.fromAsync(answers)).length).toBe(19);
});

function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
}
