import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { OrderFilterSchema } from "../../../../gen/bourse/order/v1/order_pb.ts";
import { type GetOrderSummaryRequest, OrderService } from "../../../../gen/bourse/order/v1/order_service_pb.ts";
import { OrderSummaryPanelModel } from "./order-summary-panel-model.ts";

function setUp(answer: (country: string) => Promise<bigint>) {
  const getOrderSummary = async ({ filter }: GetOrderSummaryRequest) => ({
    orderCount: await answer(filter?.country ?? ""),
    totals: [],
  });
  const transport = createRouterTransport(({ service }) => {
    service(OrderService, { getOrderSummary });
  });
  return new OrderSummaryPanelModel(createClient(OrderService, transport), (task) => task());
}

const of = (country: string) => create(OrderFilterSchema, { country });

test("the summary is kept until the next one is loaded", async () => {
  const second = Promise.withResolvers<bigint>();
  const summary = setUp(async (country) => (country === "France" ? 3n : second.promise));
  await summary.load(of("France"));
  expect(summary.state()).toMatchObject({ kind: "loaded", summary: { orderCount: 3n } });
  const loading = summary.load(of("Norway"));
  expect(summary.state()).toMatchObject({ kind: "loading", previous: { orderCount: 3n } });
  second.resolve(5n);
  await loading;
  expect(summary.state()).toMatchObject({ kind: "loaded", summary: { orderCount: 5n } });
});

test("a late response of a cancelled load is ignored", async () => {
  const first = Promise.withResolvers<bigint>();
  const summary = setUp(async (country) => (country === "France" ? first.promise : 5n));
  const old = summary.load(of("France"));
  await summary.load(of("Norway"));
  first.resolve(3n);
  await old;
  expect(summary.state()).toMatchObject({ kind: "loaded", summary: { orderCount: 5n } });
});

test("a failure has a description", async () => {
  const summary = setUp(async () => {
    throw new ConnectError("too many calls", Code.ResourceExhausted);
  });
  await summary.load(of(""));
  expect(summary.state()).toEqual({ kind: "failed", reason: "The server has reached a limit: too many calls." });
});
