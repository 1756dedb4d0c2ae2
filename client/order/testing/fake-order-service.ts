import { create, toBinary } from "@bufbuild/protobuf";
import { type Client, Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import { type Order, OrderSchema } from "../../../gen/bourse/order/v1/order_pb.ts";
import {
  type ExportOrdersRequest,
  ExportOrdersResponseSchema,
  OrderService,
  SubmitOrdersResponseSchema,
} from "../../../gen/bourse/order/v1/order_service_pb.ts";
import { groupAvailableItems } from "../../shared/group-available-items.ts";
import { DigestChain } from "../digest-chain.ts";

/** Creates an order for the store of the fake. */
export function orderOf(sequence: number, key = `k${sequence}`): Order {
  return create(OrderSchema, { sequence: BigInt(sequence), key, orderNumber: "1", productCode: "P", country: "EIRE" });
}

/** When a call fails. */
export interface Break {
  /** The number of responses before the failure. */
  readonly after: number;
  /** The number of further requests that are stored without a response, if they were sent. Default: 0. */
  readonly ahead?: number;
  /** Default: UNAVAILABLE. */
  readonly reason?: ConnectError;
}

/** An order service for tests of clients. Stores orders in memory. The test configures its failures. */
export class FakeOrderService {
  readonly client: Client<typeof OrderService>;
  /** By sequence. */
  readonly orders: Order[] = [];
  /** Replaces the correct digest. */
  digest: string | undefined;
  /** The failures of the next calls, in order. Further calls do not fail. */
  readonly breaks: Break[] = [];
  readonly exports: ExportOrdersRequest[] = [];
  submits = 0;
  /** The largest number of stored orders without a response. */
  mostAhead = 0;
  /** Delays each response of an export. */
  delay: () => Promise<void> = () => Promise.resolve();

  constructor(orders: readonly Order[] = []) {
    this.orders.push(...orders);
    const transport = createRouterTransport(({ service }) => {
      service(OrderService, {
        exportOrders: (request, context) => this.#export(request, context),
        submitOrders: (requests) => this.#submit(requests),
      });
    });
    this.client = createClient(OrderService, transport);
  }

  async *#export(
    request: ExportOrdersRequest,
    { responseHeader, responseTrailer }: { responseHeader: Headers; responseTrailer: Headers },
  ) {
    this.exports.push(request);
    const { after = Number.POSITIVE_INFINITY, reason = broken() } = this.breaks.shift() ?? {};
    const done = Number(new TextDecoder().decode(request.resumeToken) || "0");
    responseHeader.set("bourse-total-count", String(this.orders.length));
    let sent = 0;
    for (let at = done; at < this.orders.length; at += request.batchSize) {
      if (sent++ >= after) throw reason;
      const orders = this.orders.slice(at, at + request.batchSize);
      await this.delay();
      yield create(ExportOrdersResponseSchema, {
        orders,
        resumeToken: new TextEncoder().encode(String(at + orders.length)),
      });
    }
    if (sent >= after) throw reason;
    const chain = new DigestChain();
    for (const order of this.orders) chain.add(toBinary(OrderSchema, order));
    responseTrailer.set("bourse-sha256", this.digest ?? chain.hex);
  }

  async *#submit(requests: AsyncIterable<{ order?: Order }>) {
    this.submits++;
    const { after = Number.POSITIVE_INFINITY, ahead = 0, reason = broken() } = this.breaks.shift() ?? {};
    let [stored, answered] = [0, 0];
    for await (const group of groupAvailableItems(requests, maxGroup, turn)) {
      const results = group.slice(0, after + ahead - stored).map(({ order = orderOf(0) }) => this.#store(order));
      stored += results.length;
      this.mostAhead = Math.max(this.mostAhead, stored - answered);
      for (const result of results.slice(0, after - answered)) {
        yield create(SubmitOrdersResponseSchema, { index: BigInt(answered++), result });
      }
      if (answered >= after) throw reason;
    }
  }

  #store(order: Order) {
    const known = this.orders.find(({ key }) => key === order.key);
    const sequence = known?.sequence ?? BigInt(this.orders.length + 1);
    if (known === undefined) this.orders.push(create(OrderSchema, { ...order, sequence }));
    return { case: "accepted" as const, value: { sequence, duplicate: known !== undefined } };
  }
}

/** The server stores available orders in groups. */
const maxGroup = 100;
const turn = () => new Promise((resolve) => setTimeout(resolve));

function broken(): ConnectError {
  return new ConnectError("connection lost", Code.Unavailable);
}
