import type { Outcome } from "../target.ts";
import type { AbuseCase } from "./case-selection.ts";

/** The result of one case. Sizes in bytes, times in milliseconds. */
export interface CaseRecord {
  readonly case: AbuseCase;
  /** The number of concurrent calls. */
  readonly times: number;
  readonly outcome: Outcome;
  /** The size of the largest error. */
  readonly errorBytes: number;
  /** The time until the last response. */
  readonly durationMs: number;
  /** The peak memory of the server during the case, in bytes. */
  readonly peakRss: number;
  readonly startMs: number;
  /** The duration of the slowest canary call that ran mostly during this case. */
  blockedMs: number;
  /** The signal or exit code of the server, if it has ended. */
  readonly ending?: string;
}

/** The limits for each case. On an idle machine with two cores, the times are a tenth of them. */
export const caseBounds = {
  durationMs: 2_000,
  /** The limit for 50 concurrent calls, which share one processor. */
  burstDurationMs: 30_000,
  blockedMs: 2_000,
  errorBytes: 64 * 1024,
  peakRss: 1_000_000_000,
} as const;

/** The valid codes for a hostile message. A legal message results in `ok`. */
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

/** Returns the problems of a case, a sentence each. Returns an empty list if there are none. */
export function problemsOf(record: CaseRecord): string[] {
  const { times, outcome, errorBytes, durationMs, blockedMs, peakRss, ending } = record;
  const mostMs = times === 1 ? caseBounds.durationMs : caseBounds.burstDurationMs;
  const problems: string[] = [];
  if (ending !== undefined) problems.push(`the server has ended: ${ending}`);
  for (const code of Object.keys(outcome)) {
    if (!isRight(code, record)) problems.push(`unexpected code ${code}`);
  }
  if (errorBytes > caseBounds.errorBytes) problems.push(`an error of ${errorBytes} bytes`);
  if (durationMs > mostMs) problems.push(`took ${Math.round(durationMs)} ms`);
  if (blockedMs > caseBounds.blockedMs) problems.push(`blocked the canary for ${Math.round(blockedMs)} ms`);
  if (peakRss > caseBounds.peakRss) problems.push(`used ${Math.round(peakRss / 1e6)} MB`);
  return problems.map((problem) => `${times === 1 ? "" : `${times} × `}${record.case.name}: ${problem}`);
}

/**
 * For a binary message that cannot be parsed, gRPC libraries return `internal`, and so does the server. Malformed bytes
 * can also be a valid message by chance.
 */
function isRight(code: string, { case: { shape } }: CaseRecord): boolean {
  return rightCodes.has(code) || (code === "internal" && shape.isUnparsable && shape.format === "binary");
}
