import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { type GetProductRequest, ProductService } from "../../../../gen/bourse/product/v1/product_service_pb.ts";
import { ProductDetailsDialogModel } from "./product-details-dialog-model.ts";

function setUp(nameOf: (id: string) => Promise<string>) {
  const getProduct = async ({ id }: GetProductRequest) => ({
    product: { id, name: await nameOf(id) },
    rating: { count: 2n, average: 7.5 },
  });
  const transport = createRouterTransport(({ service }) => {
    service(ProductService, { getProduct });
  });
  return new ProductDetailsDialogModel(createClient(ProductService, transport), (task) => task());
}

test("a product is loaded with its rating, until it is closed", async () => {
  const dialog = setUp(async () => "lamp");
  const opened = dialog.open("1");
  expect(dialog.state()).toEqual({ kind: "loading", id: "1" });
  await opened;
  expect(dialog.state()).toMatchObject({ kind: "loaded", product: { name: "lamp" }, rating: { average: 7.5 } });
  dialog.close();
  expect(dialog.state()).toEqual({ kind: "closed" });
});

test("a late response for another product is ignored", async () => {
  const first = Promise.withResolvers<string>();
  const dialog = setUp(async (id) => (id === "1" ? first.promise : "desk"));
  const old = dialog.open("1");
  await dialog.open("2");
  first.resolve("lamp");
  await old;
  expect(dialog.state()).toMatchObject({ kind: "loaded", product: { name: "desk" } });
});

test("a missing product has a description", async () => {
  const dialog = setUp(async () => {
    throw new ConnectError("there is no product 1", Code.NotFound);
  });
  await dialog.open("1");
  expect(dialog.state()).toMatchObject({
    kind: "failed",
    reason: "Not found: there is no product 1.",
  });
});
