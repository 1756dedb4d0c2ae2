import type { ServiceImpl } from "@connectrpc/connect";
import type { BenchService } from "../../../gen/bench/v1/bench_service_pb.ts";
import { orderAt } from "./order-at.ts";
import type { TickSource } from "./tick-source.ts";

type Handlers = Omit<ServiceImpl<typeof BenchService>, "watch" | "store" | "fillStore">;

/** A market that publishes ticks on a timer. */
export interface TickingMarket {
  /** The number of published ticks. */
  readonly made: number;
  /** Publishes ticks at this rate until the returned function is called. */
  start(ticksPerSecond: number): () => void;
}

/** Implements BenchService for the peers with Connect-ES handlers, with plain functions and generators. */
export function benchHandlers(source: TickSource, market?: TickingMarket): Handlers {
  return {
    async *export({ count }) {
      for (let index = 0; index < Number(count); index++) yield orderAt(index);
    },

    async upload(requests) {
      let count = 0;
      let bytes = 0;
      for await (const { chunk } of requests) {
        count++;
        bytes += chunk.length;
      }
      return { count: BigInt(count), bytes: BigInt(bytes) };
    },

    async *pingPong(requests) {
      for await (const { number } of requests) yield { number };
    },

    get: ({ number }) => ({ number }),

    async *idle(_request, { signal }) {
      yield {};
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    },

    async drive(requests) {
      let allowed = 0n;
      let stopMarket = () => {};
      try {
        for await (const { ticks, marketRate } of requests) {
          allowed += ticks;
          source.allow(Number(ticks));
          if (marketRate === 0n || market === undefined) continue;
          stopMarket();
          stopMarket = market.start(Number(marketRate));
        }
      } finally {
        stopMarket();
      }
      return { ticks: allowed, marketTicks: BigInt(market?.made ?? 0) };
    },
  };
}
