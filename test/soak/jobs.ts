import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { createClient, type Transport } from "@connectrpc/connect";
import { nativeSha256 } from "../../client/node/native-sha256.ts";
import { exportOrders } from "../../client/order/export-orders.ts";
import { uploadFile } from "../../client/upload/upload-file.ts";
import { blobSource } from "../../client/upload/upload-source.ts";
import { OrderService } from "../../gen/bourse/order/v1/order_service_pb.ts";
import { ProductService } from "../../gen/bourse/product/v1/product_service_pb.ts";
import { CandleInterval } from "../../gen/bourse/quote/v1/quote_pb.ts";
import { QuoteService } from "../../gen/bourse/quote/v1/quote_service_pb.ts";
import { UploadService } from "../../gen/bourse/upload/v1/upload_service_pb.ts";

/** A task that the clients of a soak repeat, with a pause after each run. */
export interface Job {
  readonly kind: "calls" | "uploads" | "exports";
  readonly pauseMs: number;
  run(transport: Transport, signal: AbortSignal): Promise<void>;
}

const callTimeoutMs = 30_000;
const fileBytes = 256 * 1024;

/** One in this number of uploads is aborted halfway. */
const abandonedOneIn = 4;

let uploads = 0;

/** Returns all jobs. The symbols are those of the market. */
export function jobsFor(symbols: readonly string[]): readonly Job[] {
  let turn = 0;
  return [
    {
      kind: "calls",
      pauseMs: 100,
      async run(transport, signal) {
        const symbol = symbols[turn++ % symbols.length] ?? "ACME";
        const quotes = createClient(QuoteService, transport);
        const options = { signal, timeoutMs: callTimeoutMs };
        switch (turn % 4) {
          case 0:
            await quotes.listInstruments({}, options);
            break;
          case 1:
            await quotes.listCandles({ symbol, interval: CandleInterval.CANDLE_INTERVAL_1M }, options);
            break;
          case 2:
            await quotes.getQuote({ symbol }, options);
            break;
          default:
            for await (const _ of createClient(ProductService, transport).searchProducts(
              { query: "kestrel" },
              options,
            ));
        }
      },
    },
    {
      kind: "uploads",
      pauseMs: 2_000,
      async run(transport, signal) {
        const file = blobSource(new File([randomBytes(fileBytes)], `soak-${++uploads}.bin`));
        const upload = uploadFile(createClient(UploadService, transport), file, { signal });
        if (uploads % abandonedOneIn === 0) {
          upload.done.catch(() => {});
          await upload.cancel();
        } else {
          await upload.done;
        }
      },
    },
    {
      kind: "exports",
      pauseMs: 5_000,
      async run(transport, signal) {
        for await (const _ of exportOrders(createClient(OrderService, transport), { sha256: nativeSha256, signal }));
      },
    },
  ];
}

/** Repeats a job until the signal aborts, over the transports in rotation. */
export async function repeat(
  job: Job,
  transports: readonly Transport[],
  signal: AbortSignal,
  onDone: (problem: unknown) => void,
): Promise<void> {
  for (let turn = 0; !signal.aborted; turn++) {
    try {
      await job.run(transports[turn % transports.length] as Transport, signal);
      onDone(undefined);
    } catch (error) {
      if (!signal.aborted) onDone(error);
    }
    await delay(job.pauseMs, undefined, { signal }).catch(() => {});
  }
}
