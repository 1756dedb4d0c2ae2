import { randomUUID } from "node:crypto";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { OrderService } from "../../gen/bourse/order/v1/order_service_pb.ts";
import { ProductService } from "../../gen/bourse/product/v1/product_service_pb.ts";
import { QuoteService } from "../../gen/bourse/quote/v1/quote_service_pb.ts";
import { UploadService } from "../../gen/bourse/upload/v1/upload_service_pb.ts";
import { Health, HealthCheckResponse_ServingStatus as Status } from "../../gen/health/v1/health_pb.ts";
import { someOrder } from "../../server/order/testing/any-order.ts";

/** A client of all methods that store data. Calls resolve to `OK` or the name of their code. */
export function storeClient(url: string) {
  const transport = createGrpcTransport({ baseUrl: url });
  const [orders, products, quotes, uploads, health] = [
    createClient(OrderService, transport),
    createClient(ProductService, transport),
    createClient(QuoteService, transport),
    createClient(UploadService, transport),
    createClient(Health, transport),
  ];

  return {
    orders,
    products,
    quotes,
    uploads,

    /** Submits orders with consecutive numbers from `first` on, in one call. */
    async submit(first: number, count = 1): Promise<string> {
      async function* requests() {
        for (let n = first; n < first + count; n++) yield { order: someOrder(n) };
      }
      return outcomeOf(async () => {
        for await (const { result } of orders.submitOrders(requests())) {
          if (result.case !== "accepted") throw new Error(`the server rejected the order: ${result.case}`);
        }
      });
    },

    create: (name: string) => outcomeOf(() => products.createProduct({ product: { name } })),
    startUpload: (uploadId: string = randomUUID()) => outcomeOf(() => uploads.startUpload({ info: { uploadId } })),

    /** Sends the first chunk of a new upload. */
    async uploadChunk(uploadId: string): Promise<string> {
      return outcomeOf(async () => {
        const { writerGeneration } = await uploads.startUpload({ info: { uploadId } });
        await uploads.uploadChunk({ uploadId, writerGeneration, offset: 0n, data: new Uint8Array(1_000) });
      });
    },

    async rate(productId: string): Promise<string> {
      return outcomeOf(async () => {
        async function* scores() {
          yield { productId, score: 5 };
        }
        for await (const { result } of products.rateProducts(scores())) {
          if (result.case !== "rating") throw new Error("the server rejected the score");
        }
      });
    },

    /** Returns the sequence numbers of all orders in the order of an export. */
    async exported(): Promise<number[]> {
      const sequences: number[] = [];
      for await (const response of orders.exportOrders({ batchSize: 1_000 })) {
        for (const { sequence } of response.orders) sequences.push(Number(sequence));
      }
      return sequences;
    },

    /** Returns the names of the services that are serving, and of those that are not. */
    async serving(): Promise<{ serving: string[]; not: string[] }> {
      const { statuses } = await health.list({});
      const names = (wanted: Status) =>
        Object.keys(statuses)
          .filter((name) => statuses[name]?.status === wanted)
          .sort();
      return { serving: names(Status.SERVING), not: names(Status.NOT_SERVING) };
    },
  };
}

async function outcomeOf(call: () => Promise<unknown>): Promise<string> {
  try {
    await call();
    return "OK";
  } catch (error) {
    return Code[ConnectError.from(error).code] ?? "?";
  }
}
