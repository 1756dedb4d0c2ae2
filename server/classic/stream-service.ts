import type { ServiceImpl } from "@connectrpc/connect";
import type { Logger } from "pino";
import type { StreamService } from "../../gen/classic/proto/stream_service_pb.ts";
import { sumData } from "./sum-data.ts";

/** What `StreamService` needs. */
export interface StreamServiceOptions {
  readonly log: Pick<Logger, "info">;
}

/** Orders, files and numbers. */
export function streamService({ log }: StreamServiceOptions): Partial<ServiceImpl<typeof StreamService>> {
  return {
    sumData: (requests) =>
      sumData(requests, ({ sum, count }) => log.info({ sum: String(sum), count }, "numbers summed up")),
  };
}
