import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { OrderFilterSchema } from "../../../../gen/bourse/order/v1/order_pb.ts";
import { type GetOrderSummaryRequest, OrderService } from "../../../../gen/bourse/order/v1/order_service_pb.ts";
import { OrderSummary } from "./order-summary.ts";

function setUp(answer: (country: string) => Promise<bigint>) {
  const getOrderSummary = async ({ filter }: GetOrderSummaryRequest) => ({
    orderCount: await answer(filter?.country ?? ""),
    totals: [],
  });
  const transport = createRouterTransport(({ service }) => {
    service(OrderService, { getOrderSummary });
  });
  return new OrderSummary(createClient(OrderService, transport), (task) => task());
}

const of = (country: string) => create(OrderFilterSchema, { country });

test("the answer is kept while the next one is asked for", async () => {
  const second = Promise.withResolvers<bigint>();
  const summary = setUp(async (country) => (country === "France" ? 3n : second.promise));
  await summary.ask(of("France"));
  expect(summary.state()).toMatchObject({ kind: "known", summary: { orderCount: 3n } });
  const asked = summary.ask(of("Norway"));
  expect(summary.state()).toMatchObject({ kind: "loading", last: { orderCount: 3n } });
  second.resolve(5n);
  await asked;
  expect(summary.state()).toMatchObject({ kind: "known", summary: { orderCount: 5n } });
});

test("an answer to what is not asked any more changes nothing", async () => {
  const first = Promise.withResolvers<bigint>();
  const summary = setUp(async (country) => (country === "France" ? first.promise : 5n));
  const old = summary.ask(of("France"));
  await summary.ask(of("Norway"));
  first.resolve(3n);
  await old;
  expect(summary.state()).toMatchObject({ kind: "known", summary: { orderCount: 5n } });
});

test("a failure is told in words", async () => {
  const summary = setUp(async () => {
    throw new ConnectError("too many calls", Code.ResourceExhausted);
  });
  await summary.ask(of(""));
  expect(summary.state()).toEqual({ kind: "failed", reason: "The server has reached a limit: too many calls." });
});
