import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { createHandlerContext } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { DigestChain } from "../../../client/order/digest-chain.ts";
import { OrderSchema } from "../../../gen/bourse/order/v1/order_pb.ts";
import {
  ExportOrdersRequestSchema,
  type ExportOrdersResponse,
  ExportOrdersResponseSchema,
  OrderService,
} from "../../../gen/bourse/order/v1/order_service_pb.ts";
import { startOrderServer } from "../../../test/wire/order-server.ts";
import { metadataNames } from "../../shared/metadata-names.ts";
import { ResumeTokens, resumeKeyBytes } from "../../shared/resume-token.ts";
import { orderService } from "../order-service.ts";
import { encodeNewOrder } from "../submit/encode-new-order.ts";
import { someOrder } from "../testing/any-order.ts";

test("an export that ends within a page reports exactly the sent orders and the position to resume at", async () => {
  await using opened = await startOrderServer();
  await opened.store.append(Array.from({ length: 600 }, (_, n) => encodeNewOrder(someOrder(n))));
  for (const taken of [1, 2, 255, 256, 257, 300, 599]) {
    const { context, responses } = call(opened);
    const received: ExportOrdersResponse[] = [];
    for await (const response of responses) {
      received.push(whole(response));
      if (received.length === taken) break;
    }
    expect(context.responseTrailer.get(metadataNames.sentCount)).toBe(String(taken));
    const last = received.at(-1)?.resumeToken ?? new Uint8Array();
    expect(context.responseTrailer.get(metadataNames.cursor)).toBe(Buffer.from(last).toString("base64"));
    const digest = new DigestChain();
    for (const { orders } of received) for (const order of orders) digest.add(toBinary(OrderSchema, order));
    expect(context.responseTrailer.get(metadataNames.sha256)).toBe(digest.hex);
  }
});

test("an export that is cancelled before it starts reports its start position and no orders", async () => {
  await using opened = await startOrderServer();
  await opened.store.append([encodeNewOrder(someOrder(1))]);
  const { context, responses } = call(opened);
  context.abort(new Error("the client disconnected"));
  await expect(Array.fromAsync(responses)).rejects.toThrow("the client disconnected");
  expect(context.responseTrailer.get(metadataNames.sentCount)).toBe("0");
  expect(context.responseTrailer.get(metadataNames.sha256)).toBe("0".repeat(64));
});

/** Calls the handler directly, so that a test can read the context. */
function call({ store, intake }: Awaited<ReturnType<typeof startOrderServer>>) {
  const context = createHandlerContext({
    service: OrderService,
    method: OrderService.method.exportOrders,
    protocolName: "grpc",
    requestMethod: "POST",
    url: "http://shop.test/",
  });
  const tokens = new ResumeTokens(new Uint8Array(resumeKeyBytes));
  const { exportOrders } = orderService({ store, intake, tokens });
  return { context, responses: exportOrders(create(ExportOrdersRequestSchema), context) };
}

/** Encodes and decodes a response, like a client that receives it. */
function whole(response: unknown): ExportOrdersResponse {
  return fromBinary(ExportOrdersResponseSchema, toBinary(ExportOrdersResponseSchema, response as ExportOrdersResponse));
}
