import { create } from "@bufbuild/protobuf";
import {
  type Cursor,
  type CursorOutOfRange,
  CursorOutOfRangeSchema,
  CursorProblem,
  CursorSchema,
} from "../../../gen/bourse/quote/v1/quote_pb.ts";
import type { WatchQuotesRequest } from "../../../gen/bourse/quote/v1/quote_service_pb.ts";
import { InvalidFieldError } from "../../shared/request-errors.ts";
import type { QuoteLog } from "../log/quote-log.ts";
import { CursorOutOfRangeError } from "../quote-errors.ts";

/** Where a stream begins. */
export type WatchPosition =
  | { readonly kind: "snapshot" }
  | { readonly kind: "replay"; readonly after: number }
  | { readonly kind: "reset"; readonly cause: CursorOutOfRange };

/**
 * Where a stream begins that asks for a place in the log.
 *
 * Throws a {@link CursorOutOfRangeError} where the log cannot serve it and the client does not want a reset instead.
 */
export function watchPosition(request: WatchQuotesRequest, log: QuoteLog, epoch: bigint): WatchPosition {
  switch (request.position.case) {
    case undefined:
      return { kind: "snapshot" };
    case "fromOldest":
      return { kind: "replay", after: log.oldestSeq - 1 };
    case "resumeAfter": {
      const cursor = request.position.value;
      if (cursor.seq < 0n) throw new InvalidFieldError("resume_after.seq", `${cursor.seq} is negative`);
      const problem = problemOf(cursor, log, epoch);
      if (problem === undefined) return { kind: "replay", after: Number(cursor.seq) };
      const cause = create(CursorOutOfRangeSchema, {
        requested: cursor,
        problem,
        oldest: cursorAt(epoch, log.oldestSeq - 1),
        newest: cursorAt(epoch, log.newestSeq),
      });
      if (!request.resetIfOutOfRange) throw new CursorOutOfRangeError(cause);
      return { kind: "reset", cause };
    }
  }
}

/** A place in the log, as it is told to clients. */
export function cursorAt(epoch: bigint, seq: number): Cursor {
  return create(CursorSchema, { epoch, seq: BigInt(seq) });
}

function problemOf({ epoch, seq }: Cursor, log: QuoteLog, currentEpoch: bigint): CursorProblem | undefined {
  if (epoch !== currentEpoch) return CursorProblem.OTHER_EPOCH;
  if (seq > BigInt(log.newestSeq)) return CursorProblem.AHEAD;
  if (seq < BigInt(log.oldestSeq - 1)) return CursorProblem.TOO_OLD;
  return undefined;
}
