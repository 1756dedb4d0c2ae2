import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { BenchService } from "../../gen/bench/v1/bench_service_pb.ts";
import type { LoadResult } from "./load-result.ts";
import type { LoadSettings } from "./load-settings.ts";
import { Meter } from "./meter.ts";

const warmOrders = 20_000;

/** Receives orders with the Connect client for Node in its default configuration. */
export async function clientExport({ address, pid, size, warmMs }: LoadSettings): Promise<LoadResult> {
  const client = createClient(BenchService, createGrpcTransport({ baseUrl: `http://${address}` }));
  const receive = async (count: number) => {
    let received = 0;
    for await (const order of client.export({ count: BigInt(count) })) if (order.orderNumber !== "") received++;
    if (received !== count) throw new Error(`received ${received} orders, expected ${count}`);
  };
  for (const end = performance.now() + warmMs; performance.now() < end; ) await receive(Math.min(size, warmOrders));
  const meter = new Meter(pid);
  await receive(size);
  return meter.stop(size);
}
