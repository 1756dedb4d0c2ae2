// Lists the catalogue with response headers and trailers: node scripts/list-products.ts
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { ProductService } from "../gen/bourse/product/v1/product_service_pb.ts";

const baseUrl = process.env.BOURSE_ADDRESS ?? "http://127.0.0.1:8080";
const client = createClient(ProductService, createGrpcTransport({ baseUrl }));

let trailers = new Headers();
const products = client.listProducts(
  {},
  {
    onHeader: (headers) => console.log("the server sends", headers.get("bourse-total-count"), "products"), // before the first one
    onTrailer: (received) => {
      trailers = received; // after the last one
    },
  },
);
for await (const { product } of products) {
  const { units = 0n, nanos = 0, currencyCode = "" } = product?.price ?? {};
  console.log(product?.id, product?.name, (Number(units) + nanos / 1e9).toFixed(2), currencyCode);
}
console.log("the server has sent", trailers.get("bourse-sent-count"), "products");
console.log("digest", trailers.get("bourse-sha256"));
