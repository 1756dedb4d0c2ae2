import type { Logger } from "pino";

/** Receives the outcomes of an operation that may fail repeatedly. */
export interface Problem {
  /** The operation has failed. */
  report(error: unknown): void;
  /** The operation has succeeded, which ends the problem if there was one. */
  resolve(): void;
}

/** One line of the log. */
export interface ProblemLine {
  /** The newest error; undefined in the line about the end of the problem. */
  readonly error: unknown;
  /** The number of failures since the previous line; in the line about the end, since the start. */
  readonly count: number;
  /** The seconds since the first failure. */
  readonly seconds: number;
}

export interface RepeatedProblemLogOptions {
  /** Writes a line about the problem. */
  readonly onReport: (line: ProblemLine) => void;
  /** Writes the line about the end of the problem. */
  readonly onResolved?: (line: ProblemLine) => void;
  /** A monotonic clock in milliseconds. Default: the clock of the system. */
  readonly now?: () => number;
}

/** The interval between the first line and the second, in milliseconds. Each later one is twice as long. */
export const firstReportIntervalMs = 10_000;

/** The longest interval, in milliseconds: a lasting problem has one line an hour. */
export const maxReportIntervalMs = 3_600_000;

/**
 * Limits the lines of the log about a repeated failure. It writes the first failure at once, later failures with their
 * count at intervals that double, and one line when the problem has ended. The first error of each kind (name and code)
 * is also written at once, for a few kinds. An intermittent problem gets no more lines than a lasting one: it counts as
 * new after it was absent for an interval. Starts no timer.
 */
export class RepeatedProblemLog implements Problem {
  readonly #options: RepeatedProblemLogOptions;
  readonly #now: () => number;
  #state: State | undefined;

  constructor(options: RepeatedProblemLogOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  report(error: unknown): void {
    const now = this.#now();
    const state = this.#current(now);
    state.isOver = false;
    state.lastMs = now;
    state.total++;
    state.sinceLine++;
    const kind = kindOf(error);
    const isNew = !state.kinds.has(kind) && state.kinds.size < maxKinds;
    if (isNew) state.kinds.add(kind);
    if (!isNew && now < state.nextMs) return;
    this.#options.onReport({ error, count: state.sinceLine, seconds: secondsSince(state, now) });
    state.sinceLine = 0;
    state.isReported = true;
    if (now < state.nextMs) return;
    state.nextMs = now + state.intervalMs;
    state.intervalMs = Math.min(2 * state.intervalMs, maxReportIntervalMs);
  }

  resolve(): void {
    const state = this.#state;
    if (state === undefined || state.isOver) return;
    state.isOver = true;
    if (!state.isReported) return; // the log does not mention the problem
    state.isReported = false;
    const seconds = secondsSince(state, this.#now());
    this.#options.onResolved?.({ error: undefined, count: state.total, seconds });
  }

  #current(now: number): State {
    const known = this.#state;
    const isNew = known === undefined || now - known.lastMs > (known.isOver ? known.intervalMs : quietMs);
    if (!isNew) return known;
    this.#state = {
      beganMs: now,
      lastMs: now,
      nextMs: now,
      intervalMs: firstReportIntervalMs,
      total: 0,
      sinceLine: 0,
      kinds: new Set(),
      isReported: false,
      isOver: false,
    };
    return this.#state;
  }
}

/** A {@link RepeatedProblemLog} that logs an error when something has failed, and one line when it works again. */
export function logRepeatedProblem(
  log: Logger,
  messages: { readonly failed: string; readonly over: string },
): RepeatedProblemLog {
  return new RepeatedProblemLog({
    onReport: ({ error, ...line }) => log.error({ err: error, ...line }, messages.failed),
    onResolved: ({ count, seconds }) => log.info({ count, seconds }, messages.over),
  });
}

/** A problem without a failure for this time, in milliseconds, has ended, even without {@link Problem.resolve}. */
const quietMs = 2 * maxReportIntervalMs;

/** The number of kinds of errors of a problem that are written at once. */
const maxKinds = 10;

interface State {
  readonly beganMs: number;
  lastMs: number;
  /** The earliest time of the next line. */
  nextMs: number;
  intervalMs: number;
  total: number;
  sinceLine: number;
  readonly kinds: Set<string>;
  /** Whether a line was written since the problem last ended. */
  isReported: boolean;
  isOver: boolean;
}

function kindOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  return `${error.name} ${"code" in error ? String(error.code) : ""}`;
}

function secondsSince({ beganMs }: State, now: number): number {
  return Math.round((now - beganMs) / 1_000);
}
