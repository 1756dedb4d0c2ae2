import { setTimeout } from "node:timers/promises";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { OrderService } from "../gen/bourse/order/v1/order_service_pb.ts";

// The clients of stall.ts. The arguments are the URL and the load.

const [url = "", load = ""] = process.argv.slice(2);
const demoOrders = 200_000n;
const submitted = 60_000;
const exports = 4;

/** Opens one connection for each stream, so that no stream waits for another. */
const connect = () => createClient(OrderService, createGrpcTransport({ baseUrl: url }));

switch (load) {
  case "wait":
    while ((await connect().getOrderSummary({})).orderCount < demoOrders) await setTimeout(200);
    break;
  case "nothing":
    await setTimeout(3_000);
    break;
  case "submit":
    await submit();
    break;
  case "export":
    await exportAll();
    break;
  case "both":
    await Promise.all([submit(), exportAll()]);
    break;
  default:
    throw new Error(`unknown load ${load}`);
}
process.exit();

async function submit(): Promise<void> {
  const began = performance.now();
  const mark = Date.now();
  async function* orders() {
    for (let n = 0; n < submitted; n++) {
      const order = {
        key: `stall/${mark}/${n}`,
        orderNumber: `${n >> 3}`,
        productCode: "85123A",
        description: "WHITE HANGING HEART T-LIGHT HOLDER",
        quantity: 6,
        unitPrice: { currencyCode: "GBP", units: 2n, nanos: 550_000_000 },
        customerId: "17850",
        country: "United Kingdom",
        placedAt: { seconds: 1_291_191_960n },
      };
      yield { order };
    }
  }
  let accepted = 0;
  for await (const { result } of connect().submitOrders(orders())) if (result.case === "accepted") accepted++;
  if (accepted !== submitted) throw new Error(`${accepted} of ${submitted} orders were accepted`);
  report("orders stored", submitted, began);
}

async function exportAll(): Promise<void> {
  const began = performance.now();
  const counts = await Promise.all(
    Array.from({ length: exports }, async () => {
      let count = 0;
      for await (const { orders } of connect().exportOrders({ batchSize: 1_000 })) count += orders.length;
      return count;
    }),
  );
  report(
    "orders exported",
    counts.reduce((sum, count) => sum + count),
    began,
  );
}

function report(what: string, count: number, began: number): void {
  const rate = Math.round((count / (performance.now() - began)) * 1_000);
  console.log(`${count.toLocaleString("en-US")} ${what} at ${rate.toLocaleString("en-US")}/s`);
}
