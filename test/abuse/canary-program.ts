import { connect } from "node:net";
import { createClient, type Transport } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
  Http2SessionManager,
} from "@connectrpc/connect-node";
import { ProductService } from "../../gen/bourse/product/v1/product_service_pb.ts";
import { type Quote, SlowReaderPolicy } from "../../gen/bourse/quote/v1/quote_pb.ts";
import { QuoteService } from "../../gen/bourse/quote/v1/quote_service_pb.ts";
import type { CanaryMessage, CanaryReport } from "./canary-report.ts";

// A well-behaved client in a separate process: 20 streams of all quotes without skipping, over every protocol, and a
// unary call every 100 ms. It reports on request, and ends together with its parent.

const streamsPerTransport = 4;
const callEveryMs = 100;
const callTimeoutMs = 10_000;

/** Calls below this duration are not slow, because a busy machine can delay them without an attack. */
const slowCallMs = 50;
const heartbeat = { seconds: 1n, nanos: 0 };

const baseUrl = process.argv[2] ?? "";
// Uses a separate address, so that the per-client limits of the attacker do not apply to the canary.
const { port: serverPort, hostname: host } = new URL(baseUrl);
const localAddress = "127.0.0.2";
const http2 = () => {
  const createConnection = () => connect({ host, port: Number(serverPort), localAddress, noDelay: true });
  return {
    baseUrl,
    httpVersion: "2",
    sessionManager: new Http2SessionManager(baseUrl, {}, { createConnection }),
  } as const;
};
const http1 = { baseUrl, httpVersion: "1.1", nodeOptions: { localAddress } } as const;
const transports: readonly Transport[] = [
  createGrpcTransport({ ...http2() }),
  createGrpcWebTransport(http2()),
  createGrpcWebTransport(http1),
  createConnectTransport(http2()),
  createConnectTransport(http1),
];

let report = emptyReport();
let caughtUp = 0;

for (const transport of transports) {
  for (let stream = 0; stream < streamsPerTransport; stream++) void watch(transport);
}
const productId = await firstProductId();
let callNumber = 0;
/** The start times of the pending calls. */
const pending = new Set<number>();
setInterval(() => void call(), callEveryMs);

process.on("message", () => {
  const longestWaitMs = pending.size === 0 ? 0 : performance.now() - Math.min(...pending);
  process.send?.({ kind: "report", ...report, longestWaitMs } satisfies CanaryMessage);
  report = emptyReport();
});
process.once("disconnect", () => process.exit(0));

async function watch(transport: Transport): Promise<void> {
  const newest = new Map<string, bigint>();
  let receivedAt = performance.now();
  try {
    const request = { symbols: ["*"], heartbeatInterval: heartbeat, slowReaderPolicy: SlowReaderPolicy.DISCONNECT };
    for await (const response of createClient(QuoteService, transport).watchQuotes(request)) {
      const now = performance.now();
      report.longestIdleMs = Math.max(report.longestIdleMs, now - receivedAt);
      receivedAt = now;
      if (response.event.case === "heartbeat") report.heartbeats++;
      if (response.event.case === "caughtUp" && ++caughtUp === transports.length * streamsPerTransport) {
        process.send?.({ kind: "watching" } satisfies CanaryMessage);
      }
      for (const quote of response.quotes) check(quote, newest);
    }
    report.losses.push("a stream has ended");
  } catch (error) {
    report.losses.push(`a stream has ended: ${error}`);
  }
}

function check({ symbol, instrumentSeq }: Quote, newest: Map<string, bigint>): void {
  const before = newest.get(symbol);
  newest.set(symbol, instrumentSeq);
  report.quotes++;
  if (before !== undefined && instrumentSeq !== before + 1n) {
    report.losses.push(`quote ${instrumentSeq} of ${symbol} follows quote ${before}`);
  }
}

async function call(): Promise<void> {
  const transport = transports[callNumber++ % transports.length] as Transport;
  const start = performance.now();
  pending.add(start);
  try {
    const client = createClient(ProductService, transport);
    await client.getProduct({ id: productId }, { timeoutMs: callTimeoutMs });
    report.calls++;
    const durationMs = performance.now() - start;
    report.slowestCallMs = Math.max(report.slowestCallMs, durationMs);
    if (durationMs > slowCallMs) report.slowCalls.push({ startMs: performance.timeOrigin + start, durationMs });
  } catch (error) {
    report.losses.push(`a call has failed: ${error}`);
  } finally {
    pending.delete(start);
  }
}

async function firstProductId(): Promise<string> {
  const end = new AbortController();
  const client = createClient(ProductService, transports[0] as Transport);
  try {
    for await (const { product } of client.listProducts({}, { signal: end.signal })) return product?.id ?? "";
  } finally {
    end.abort();
  }
  throw new Error("the catalogue is empty");
}

function emptyReport(): CanaryReport {
  return {
    losses: [],
    quotes: 0,
    heartbeats: 0,
    calls: 0,
    longestIdleMs: 0,
    slowestCallMs: 0,
    slowCalls: [],
    longestWaitMs: 0,
  };
}
