import { status } from "@grpc/grpc-js";
import { type Cases, expectEqual, expectTrue } from "../run-cases.ts";
import { allOf, failedWith, startClassic } from "./classic-calls.ts";

interface Product {
  readonly id: number;
  readonly name: string;
}

interface Text {
  readonly data: string;
}

interface Count {
  readonly number: number;
}

interface Value {
  readonly streamValue: string;
}

interface ListedOrder {
  readonly order: { readonly id: number; readonly orderSn: string; readonly date: string };
}

/** The number of demo orders of the server. */
const orderCount = 1_000;

/** More than the maximum message size of the server. */
const largest = 5 * 2 ** 20;

/** The cases of all classic services except laptops. */
export const classicCases: Cases = {
  async "get-products"() {
    const size = 120;
    const call = getProducts(size);
    expectEqual("token", (await call.header).get("token"), ["hello"]);
    const { code, responses, trailer } = await call.ended;
    expectEqual("end", code, status.OK);
    const numbers = Array.from({ length: size }, (_, at) => at + 1);
    expectEqual(
      "ids",
      responses.map(({ id }) => id),
      numbers,
    );
    expectEqual("names that differ", new Set(responses.map(({ name }) => name)).size, size);
    expectTrue("no name is empty", !responses.some(({ name }) => name === ""));
    for (const number of numbers) expectEqual("trailer", trailer.get(`end${number}`), [`end${number}`]);
  },

  async "get-products-bad-size"() {
    for (const size of [0, -1, 1_001]) {
      const { header } = await failedWith(status.INVALID_ARGUMENT, "size", getProducts(size));
      expectEqual("token", header.get("token"), []);
    }
  },

  async "get-products-cancel"() {
    const call = getProducts(120);
    await call.next();
    call.cancel();
    await failedWith(status.CANCELLED, "", call);
  },

  async route() {
    const call = startClassic<{ code: number; value: string }>("proto.StreamServer.Route", { data: "grpc" });
    const [answer] = await allOf(call);
    expectEqual("answer", [answer?.code, answer?.value], [200, "grpc"]);
  },

  async "list-value"() {
    const values = await allOf(startClassic<Value>("proto.StreamServer.ListValue", { data: "stream " }));
    expectEqual(
      "values",
      values.map(({ streamValue }) => streamValue),
      ["stream 0", "stream 1", "stream 2", "stream 3", "stream 4"],
    );
  },

  async "list-value-quotes"() {
    const call = startClassic<Value>("proto.StreamServer.ListValue", { data: "TEST" });
    const values = new Set<string>();
    for (let at = 0; at < 3; at++) values.add((await call.next()).streamValue);
    expectEqual("quotes that differ", values.size, 3);
    for (const value of values) expectTrue(`"${value}" is a quote of TEST`, value.startsWith("TEST bid "));
    call.cancel();
    await failedWith(status.CANCELLED, "", call);
  },

  async "sum-data"() {
    const call = startClassic<Count>("proto.StreamService.SumData");
    expectEqual("before any number", (await call.next()).number, 0);
    for (const [at, number] of [7, -7, 2 ** 31 - 1].entries()) {
      call.send({ number });
      expectEqual("count", (await call.next()).number, at + 1);
    }
    call.closeSend();
    expectEqual("rest", (await allOf(call)).length, 0);
  },

  async "server-stream"() {
    const texts = await allOf(startClassic<Text>("helloworld.ServerStreamServer.ServerStream", { data: "hi" }));
    expectEqual(
      "texts",
      texts.map(({ data }) => data),
      ["hi", "hi", "hi", "hi", "hi"],
    );
  },

  async "client-stream"() {
    const [joined] = await allOf(clientStream("a", "b", "", "ü"));
    expectEqual("joined", joined?.data, "a,b,,ü");
  },

  async "client-stream-too-long"() {
    const half = "x".repeat(2 ** 19);
    await failedWith(status.RESOURCE_EXHAUSTED, "1,048,576", clientStream(half, half, half));
  },

  async "all-stream"() {
    const call = startClassic<Text>("helloworld.AllStreamServer.AllStream");
    for (let at = 0; at < 5; at++) {
      expectEqual("data", (await call.next()).data, String(at));
      call.send({ data: "client" });
    }
    call.closeSend();
    expectEqual("rest", (await allOf(call)).length, 0);
  },

  async "order-list"() {
    let orders: readonly ListedOrder[] = [];
    // The server is still creating the demo orders after its start.
    while (orders.length < orderCount) orders = await allOf(listOrders());
    for (const [at, { order }] of orders.entries()) {
      expectEqual("id", order.id, at + 1);
      const isWhole = order.orderSn !== "" && /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(order.date);
      expectTrue(`order ${JSON.stringify(order)} is complete`, isWhole);
    }
  },

  async "order-list-cancel"() {
    const call = listOrders();
    call.cancel();
    await failedWith(status.CANCELLED, "", call);
  },

  async "upload-file"() {
    for (const texts of [["eins", "zwei"], []]) expectEqual("answers", (await allOf(uploadFiles(...texts))).length, 1);
  },

  async "upload-file-too-much"() {
    const files = Array.from({ length: 5 }, () => "x".repeat(2 ** 20));
    await failedWith(status.RESOURCE_EXHAUSTED, "4,194,304", uploadFiles(...files));
  },

  async "message-too-large"() {
    const call = startClassic("proto.StreamServer.Route", { data: "x".repeat(largest) });
    await failedWith(status.RESOURCE_EXHAUSTED, "bytes that Route accepts", call);
  },
};

function getProducts(size: number) {
  return startClassic<Product>("services.ProductInfo.getProducts", { size });
}

function listOrders() {
  return startClassic<ListedOrder>("proto.StreamService.OrderList", {});
}

function uploadFiles(...texts: readonly string[]) {
  const call = startClassic("proto.StreamService.UploadFile");
  for (const file of texts) call.send({ image: { fileName: "js.txt", file } });
  call.closeSend();
  return call;
}

function clientStream(...texts: readonly string[]) {
  return startClassic<Text>("helloworld.ClientStreamServer.ClientStream", ...texts.map((data) => ({ data })));
}
