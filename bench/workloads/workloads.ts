import type { PeerName } from "../peers/peers.ts";
import type { Load, Workload } from "./workload.ts";

/** The workloads, in the order of the table. */
export const workloads: readonly Workload[] = [
  rate("export", "messages", { ...inGo("export", 1_000_000, 100_000), standIn: true }),
  ...[10, 200, 1_000, 5_000].map((size) => rate(`fanout-${size}`, "deliveries", inGo("fanout", size))),
  rate("upload-discard", "MB", { ...inGo("upload", 0), standIn: true }),
  rate("store-floor", "MB", ofStore(["ours"], "floor", 1_024, 64)),
  rate("store-socket", "MB", ofStore(["ours"], "socket", 1_024, 64)),
  rate("upload-store", "MB", ofStore(["ours", "grpc-go"], "store", 1_024, 64)),
  rate("upload-chunks", "MB", ofStore(["ours"], "chunks", 1_024, 64)),
  rate("pingpong-1", "round trips", { ...inGo("pingpong", 1), standIn: true }),
  rate("pingpong-50", "round trips", { ...inGo("pingpong", 50), standIn: true }),
  rate("unary", "calls", { ...inGo("unary", 50), standIn: true }),
  { name: "idle-kb", kind: "memory", unit: "KB", load: inGo("idle", 10_000, 2_000) },
  { name: "delay-p99-ms", kind: "delay", unit: "ms", load: inGo("delay", 100) },
  { name: "market-p99-ms", kind: "delay", unit: "ms", load: ofHub("market", 1_000) },
  { name: "stalled-p99-ratio", kind: "slowdown", unit: "times", load: ofHub("stalled", 250) },
  { name: "stalled-kb", kind: "backlog", unit: "KB", load: ofHub("backlog", 100) },
  { name: "reconnect-5000", kind: "time", unit: "s", load: ofHub("reconnect", 5_000) },
  rate("stored-export", "orders", ofStore(["ours", "grpc-go"], "stored-export", 200_000, 50_000)),
  {
    name: "stored-unary-p99-ms",
    kind: "delay",
    unit: "ms",
    load: ofStore(["ours", "grpc-go"], "stored-unary", 200_000),
  },
  {
    name: "import-541909",
    kind: "time",
    unit: "s",
    load: { client: "node", workload: "import", size: { full: 541_909, quick: 50_000 }, servedBy: ["ours"] },
  },
  rate("submit", "orders", ofStore(["ours"], "submit", 4_096)),
  rate("client-export", "messages", {
    client: "node",
    workload: "client-export",
    size: { full: 200_000, quick: 50_000 },
  }),
];

function rate(name: string, unit: string, load: Load): Workload {
  return { name, kind: "rate", unit, load };
}

function inGo(workload: string, full: number, quick: number = full): Load & { client: "load" } {
  return { client: "load", workload, size: { full, quick }, standIn: false };
}

/** A workload of QuoteService, which no other peer has. */
function ofHub(workload: string, full: number, quick?: number): Load {
  return { ...inGo(workload, full, quick), servedBy: ["ours"] };
}

/** A workload of stored data: orders and uploads. */
function ofStore(servedBy: readonly PeerName[], workload: string, full: number, quick?: number): Load {
  return { ...inGo(workload, full, quick), servedBy };
}
