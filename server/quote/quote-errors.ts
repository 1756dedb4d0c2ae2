import { Code } from "@connectrpc/connect";
import { type CursorOutOfRange, CursorOutOfRangeSchema, CursorProblem } from "../../gen/bourse/quote/v1/quote_pb.ts";
import { NotFoundError } from "../shared/api-resource-errors.ts";
import { DomainError, type ErrorDetail } from "../shared/domain-error.ts";
import { LimitError } from "../transport/protection/limit-error.ts";

/** A stream cannot resume at its cursor. The detail has the oldest and the newest available cursor. */
export class CursorOutOfRangeError extends DomainError {
  override name = "CursorOutOfRangeError";
  readonly code = Code.OutOfRange;
  readonly detail: CursorOutOfRange;

  constructor(detail: CursorOutOfRange) {
    const { requested, problem, oldest, newest } = detail;
    const range = `${oldest?.epoch}.${oldest?.seq} to ${newest?.epoch}.${newest?.seq}`;
    super(
      `the stream cannot resume at ${requested?.epoch}.${requested?.seq}, which is ${cursorProblems[problem]}: ` +
        `the log has ${range}; start without a cursor, or set reset_if_out_of_range`,
    );
    this.detail = detail;
  }

  override toDetail(): ErrorDetail {
    return { desc: CursorOutOfRangeSchema, value: this.detail };
  }
}

const cursorProblems: Record<CursorProblem, string> = {
  [CursorProblem.UNSPECIFIED]: "out of range",
  [CursorProblem.TOO_OLD]: "too old",
  [CursorProblem.OTHER_EPOCH]: "of another epoch",
  [CursorProblem.AHEAD]: "ahead of the log",
};

/** Creates the error of a symbol that belongs to no instrument. */
export function unknownInstrument(symbol: string): NotFoundError {
  return new NotFoundError("instrument", symbol, "check the symbol; ListInstruments returns all");
}

/** The log has evicted quotes that a lossless stream had not replayed yet, because its client reads too slowly. */
export class ReplayOverrunError extends DomainError {
  override name = "ReplayOverrunError";
  readonly code = Code.ResourceExhausted;

  constructor() {
    super(
      "the client reads too slowly: the log has evicted quotes that were not replayed yet; " +
        "read faster, or use the policy CONFLATE",
    );
  }
}

/**
 * Returns the error of a lossless stream whose send queue is full.
 *
 * @param maxWaiting the capacity of the queue, in quotes
 */
export function slowReaderError(maxWaiting: number): LimitError {
  return new LimitError(
    { name: "maxWaitingQuotes", value: maxWaiting },
    `the client reads too slowly: limit of ${maxWaiting.toLocaleString("en-US")} queued quotes reached; ` +
      "read faster, watch fewer symbols, or use the policy CONFLATE",
  );
}

/**
 * Returns the error of a command to a stream that already has too many unread command results.
 *
 * @param counted what is limited, in the plural, as in `unread command results`
 */
export function commandBacklogError(limit: { name: string; value: number }, counted: string): LimitError {
  const value = limit.value.toLocaleString("en-US");
  return new LimitError(limit, `limit of ${value} ${counted} reached; read the results of earlier commands first`);
}
