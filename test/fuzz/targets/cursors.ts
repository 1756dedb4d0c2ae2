import { create } from "@bufbuild/protobuf";
import { WatchQuotesRequestSchema } from "../../../gen/bourse/quote/v1/quote_service_pb.ts";
import type { QuoteLog } from "../../../server/quote/log/quote-log.ts";
import { CursorOutOfRangeError } from "../../../server/quote/quote-errors.ts";
import { type WatchStartPosition, watchStartPosition } from "../../../server/quote/watch/watch-start-position.ts";
import { InvalidFieldError } from "../../../server/shared/request-errors.ts";
import { declared, type FuzzTarget, invariant } from "../engine/fuzz-target.ts";
import { InputReader } from "../engine/input-reader.ts";

// A stream starts at a cursor if the log stores all quotes after it, or the request fails.

const epoch = 1_790_000_000_000_000n;

export const target: FuzzTarget = {
  maxBytes: 24,
  seeds: [cursor(0, epoch, 7n), cursor(1, epoch, 7n), cursor(0, epoch, -1n), cursor(0, 1n, 7n), cursor(2, 0n, 0n)],
  run(input) {
    const reader = new InputReader(input);
    const kind = reader.pick(["cursor", "cursor, or reset", "oldest"]);
    const wanted = { epoch: reader.int64(), seq: reader.int64() };
    const oldestSeq = 1 + reader.byte();
    const log = { oldestSeq, newestSeq: oldestSeq - 1 + reader.byte() } as QuoteLog;
    const request = create(WatchQuotesRequestSchema, {
      symbols: ["*"],
      position: kind === "oldest" ? { case: "fromOldest", value: true } : { case: "resumeAfter", value: wanted },
      resetIfOutOfRange: kind === "cursor, or reset",
    });
    const position = declared<WatchStartPosition, Error>(
      () => watchStartPosition(request, log, epoch),
      CursorOutOfRangeError,
      InvalidFieldError,
    );
    const isStored =
      wanted.epoch === epoch && wanted.seq >= BigInt(log.oldestSeq - 1) && wanted.seq <= BigInt(log.newestSeq);
    if (position instanceof Error || position.kind === "reset") {
      invariant(
        !isStored && kind !== "oldest",
        `cursor ${wanted.seq} is rejected, but the log stores ${log.oldestSeq} to ${log.newestSeq}`,
      );
      const negative = wanted.seq < 0n && position instanceof InvalidFieldError;
      invariant(negative || !(position instanceof Error) === (kind === "cursor, or reset"), "unexpected error");
      return;
    }
    invariant(position.kind === "replay", `the stream starts with a ${position.kind}`);
    invariant(
      position.after >= log.oldestSeq - 1 && position.after <= log.newestSeq,
      `${position.after} is not stored`,
    );
    invariant(kind === "oldest" || BigInt(position.after) === wanted.seq, `${position.after} is not ${wanted.seq}`);
  },
};

function cursor(kind: number, epoch: bigint, seq: bigint): Buffer {
  const input = Buffer.alloc(19, 9);
  input[0] = kind;
  input.writeBigInt64BE(epoch, 1);
  input.writeBigInt64BE(seq, 9);
  return input;
}
