import type { Outcome } from "../target.ts";
import type { AbuseCase } from "./case-selection.ts";

/** The result of one case. Sizes in bytes, times in milliseconds. */
export interface CaseRecord {
  readonly case: AbuseCase;
  /** How many of it at once. */
  readonly times: number;
  readonly outcome: Outcome;
  /** The largest error. */
  readonly errorBytes: number;
  /** Until the last answer. */
  readonly durationMs: number;
  /** The peak memory of the server during the case, in bytes. */
  readonly peakRss: number;
  readonly startMs: number;
  /** The longest that a call of the canary took which it waited for most of all during this case. */
  blockedMs: number;
  /** How the server has ended, if it did. */
  readonly ending?: string;
}

/** What no case may make the server take. Measured is a tenth of each time on a quiet machine with two cores. */
export const caseBounds = {
  durationMs: 2_000,
  /** Of 50 calls at once: they share one processor, each for up to as long as one alone. */
  burstDurationMs: 30_000,
  blockedMs: 2_000,
  errorBytes: 64 * 1024,
  peakRss: 1_000_000_000,
} as const;

/** What a call may end with that has a hostile message. A legal one is `ok`. */
const rightCodes: ReadonlySet<string> = new Set([
  "ok",
  "invalid_argument",
  "not_found",
  "already_exists",
  "failed_precondition",
  "aborted",
  "out_of_range",
  "data_loss", // the checksum of a chunk is wrong
  "resource_exhausted",
]);

/** What is wrong with a case, a sentence each; nothing if all is well. */
export function problemsOf(record: CaseRecord): string[] {
  const { times, outcome, errorBytes, durationMs, blockedMs, peakRss, ending } = record;
  const mostMs = times === 1 ? caseBounds.durationMs : caseBounds.burstDurationMs;
  const problems: string[] = [];
  if (ending !== undefined) problems.push(`the server has ended: ${ending}`);
  for (const code of Object.keys(outcome)) {
    if (!isRight(code, record)) problems.push(`answer ${code}`);
  }
  if (errorBytes > caseBounds.errorBytes) problems.push(`an error of ${errorBytes} bytes`);
  if (durationMs > mostMs) problems.push(`took ${Math.round(durationMs)} ms`);
  if (blockedMs > caseBounds.blockedMs) problems.push(`blocked the canary for ${Math.round(blockedMs)} ms`);
  if (peakRss > caseBounds.peakRss) problems.push(`took ${Math.round(peakRss / 1e6)} MB`);
  return problems.map((problem) => `${times === 1 ? "" : `${times} × `}${record.case.name}: ${problem}`);
}

/**
 * gRPC answers a binary message that cannot be parsed with `internal`, as its libraries do; bytes that are no message
 * may also be one by chance.
 */
function isRight(code: string, { case: { shape } }: CaseRecord): boolean {
  return rightCodes.has(code) || (code === "internal" && shape.isUnparsable && shape.format === "binary");
}
