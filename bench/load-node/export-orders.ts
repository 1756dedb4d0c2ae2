import { GrpcConnection } from "./grpc-connection.ts";
import type { LoadResult } from "./load-result.ts";
import type { LoadSettings } from "./load-settings.ts";
import { Meter } from "./meter.ts";
import { numberFrame } from "./number-frame.ts";

const warmOrders = 20_000;

/** Receives orders on one stream. The size is their number. */
export async function exportOrders({ address, pid, size, warmMs }: LoadSettings): Promise<LoadResult> {
  const connection = new GrpcConnection(address);
  for (const end = performance.now() + warmMs; performance.now() < end; )
    await receive(connection, Math.min(size, warmOrders));
  const meter = new Meter(pid);
  await receive(connection, size);
  return meter.stop(size);
}

async function receive(connection: GrpcConnection, count: number): Promise<void> {
  let received = 0;
  const { stream, ended } = connection.call("Export", () => {
    received++;
  });
  stream.end(numberFrame(count));
  await ended;
  if (received !== count) throw new Error(`received ${received} orders, expected ${count}`);
}
