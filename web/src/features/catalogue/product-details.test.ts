import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { type GetProductRequest, ProductService } from "../../../../gen/bourse/product/v1/product_service_pb.ts";
import { ProductDetails } from "./product-details.ts";

function setUp(nameOf: (id: string) => Promise<string>) {
  const getProduct = async ({ id }: GetProductRequest) => ({
    product: { id, name: await nameOf(id) },
    rating: { count: 2n, average: 7.5 },
  });
  const transport = createRouterTransport(({ service }) => {
    service(ProductService, { getProduct });
  });
  return new ProductDetails(createClient(ProductService, transport), (task) => task());
}

test("a product is shown with its rating, until it is closed", async () => {
  const details = setUp(async () => "lamp");
  const opened = details.open("1");
  expect(details.state()).toEqual({ kind: "loading", id: "1" });
  await opened;
  expect(details.state()).toMatchObject({ kind: "shown", product: { name: "lamp" }, rating: { average: 7.5 } });
  details.close();
  expect(details.state()).toEqual({ kind: "closed" });
});

test("the answer about a product that is not asked for any more changes nothing", async () => {
  const first = Promise.withResolvers<string>();
  const details = setUp(async (id) => (id === "1" ? first.promise : "desk"));
  const old = details.open("1");
  await details.open("2");
  first.resolve("lamp");
  await old;
  expect(details.state()).toMatchObject({ kind: "shown", product: { name: "desk" } });
});

test("a product that is not there is told in words", async () => {
  const details = setUp(async () => {
    throw new ConnectError("there is no product 1", Code.NotFound);
  });
  await details.open("1");
  expect(details.state()).toMatchObject({
    kind: "failed",
    reason: "The server does not know this: there is no product 1.",
  });
});
