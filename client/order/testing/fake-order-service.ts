import { create, toBinary } from "@bufbuild/protobuf";
import { type Client, Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import { type Order, OrderSchema } from "../../../gen/bourse/order/v1/order_pb.ts";
import {
  type ExportOrdersRequest,
  ExportOrdersResponseSchema,
  OrderService,
  SubmitOrdersResponseSchema,
} from "../../../gen/bourse/order/v1/order_service_pb.ts";
import { groupAvailable } from "../../shared/group-available.ts";
import { DigestChain } from "../digest-chain.ts";

/** An order of the fake's store. */
export function orderOf(sequence: number, key = `k${sequence}`): Order {
  return create(OrderSchema, { sequence: BigInt(sequence), key, orderNumber: "1", productCode: "P", country: "EIRE" });
}

/** How many messages a call gets through before it breaks. */
export interface Break {
  /** Responses that are sent. */
  readonly after: number;
  /** How many further requests are stored, though they are not answered, if they are there. Default: 0. */
  readonly ahead?: number;
  /** Default: UNAVAILABLE. */
  readonly reason?: ConnectError;
}

/** An order service for tests of clients: keeps orders in memory, and breaks where the test says. */
export class FakeOrderService {
  readonly client: Client<typeof OrderService>;
  /** In the order of their sequence. */
  readonly orders: Order[] = [];
  /** Takes the place of the right digest. */
  digest: string | undefined;
  /** What calls to come do, the first at first; those beyond do not break. */
  readonly breaks: Break[] = [];
  readonly exports: ExportOrdersRequest[] = [];
  submits = 0;
  /** The most orders that were there and not answered. */
  mostAhead = 0;
  /** Has each part of an export wait. */
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
    for await (const group of groupAvailable(requests, maxGroup, turn)) {
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

// As a server stores those that are there together.
const maxGroup = 100;
const turn = () => new Promise((resolve) => setTimeout(resolve));

function broken(): ConnectError {
  return new ConnectError("the connection broke", Code.Unavailable);
}
