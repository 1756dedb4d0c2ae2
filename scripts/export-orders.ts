// Exports all orders as JSON lines, and verifies them with the digest of the server: node scripts/export-orders.ts
import { createHash } from "node:crypto";
import { once } from "node:events";
import { toBinary, toJsonString } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { OrderSchema } from "../gen/bourse/order/v1/order_pb.ts";
import { OrderService } from "../gen/bourse/order/v1/order_service_pb.ts";

const baseUrl = process.env.BOURSE_ADDRESS ?? "http://127.0.0.1:8080";
const client = createClient(OrderService, createGrpcTransport({ baseUrl }));

let digest = Buffer.alloc(32);
let count = 0;
let trailers = new Headers();
const onTrailer = (received: Headers) => {
  trailers = received;
};
for await (const { orders } of client.exportOrders({ batchSize: 500 }, { onTrailer })) {
  for (const order of orders) {
    digest = createHash("sha256").update(digest).update(toBinary(OrderSchema, order)).digest();
    count++;
    // The server sends no faster than this loop reads, so waiting for the output stops the stream.
    if (!process.stdout.write(`${toJsonString(OrderSchema, order)}\n`)) await once(process.stdout, "drain");
  }
}
if (digest.toString("hex") !== trailers.get("bourse-sha256")) throw new Error("the exported orders are not complete");
console.error(count, "orders, verified");
