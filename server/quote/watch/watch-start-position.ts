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

/** The position in the log at which a stream starts. */
export type WatchStartPosition =
  | { readonly kind: "snapshot" }
  | { readonly kind: "replay"; readonly after: number }
  | { readonly kind: "reset"; readonly cause: CursorOutOfRange };

/**
 * Returns the position that a request asks for.
 *
 * Throws a {@link CursorOutOfRangeError} if the log does not have that position and the request does not allow a reset,
 * and an {@link InvalidFieldError} if the `seq` is negative.
 */
export function watchStartPosition(request: WatchQuotesRequest, log: QuoteLog, epoch: bigint): WatchStartPosition {
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

/** Returns the cursor of a position in the log. */
export function cursorAt(epoch: bigint, seq: number): Cursor {
  return create(CursorSchema, { epoch, seq: BigInt(seq) });
}

function problemOf({ epoch, seq }: Cursor, log: QuoteLog, currentEpoch: bigint): CursorProblem | undefined {
  if (epoch !== currentEpoch) return CursorProblem.OTHER_EPOCH;
  if (seq > BigInt(log.newestSeq)) return CursorProblem.AHEAD;
  if (seq < BigInt(log.oldestSeq - 1)) return CursorProblem.TOO_OLD;
  return undefined;
}
