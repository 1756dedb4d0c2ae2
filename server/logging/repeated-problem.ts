import type { Logger } from "pino";

/** Reports a failure that may repeat for long, in few lines of the log. */
export interface Problem {
  /** It has failed. */
  report(error: unknown): void;
  /** It has succeeded: the problem is over, if there was one. */
  resolve(): void;
}

/** One line for the log. */
export interface ProblemLine {
  /** The newest error; undefined in the line that says that the problem is over. */
  readonly error: unknown;
  /** How often it has failed since the line before; in the last line, since the beginning. */
  readonly count: number;
  /** How many seconds ago it failed first. */
  readonly seconds: number;
}

export interface RepeatedProblemOptions {
  /** Writes a line about the problem. */
  readonly onReport: (line: ProblemLine) => void;
  /** Writes the line that the problem is over. */
  readonly onResolved?: (line: ProblemLine) => void;
  /** Milliseconds that only grow. Default: the system's. */
  readonly now?: () => number;
}

/** The interval between the first line and the second, in milliseconds. Each later one is twice as long. */
export const firstReportIntervalMs = 10_000;

/** The longest interval, in milliseconds: a problem that stays has a line an hour. */
export const maxReportIntervalMs = 3_600_000;

/**
 * Reports the first failure at once, further ones at intervals that double, with their number, and one line when it is
 * over. An error of another kind, that is of another name or code, is a line at once, for a few kinds. A problem that
 * comes and goes has no more lines than one that stays: it counts as a new one when it has been away for an interval.
 * Starts no timer.
 */
export class RepeatedProblem implements Problem {
  readonly #options: RepeatedProblemOptions;
  readonly #now: () => number;
  #state: State | undefined;

  constructor(options: RepeatedProblemOptions) {
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
    if (!state.isReported) return; // Nobody knows that it was there.
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

/** A {@link RepeatedProblem} that logs an error when something has failed, and one line when it works again. */
export function logRepeatedProblem(
  log: Logger,
  messages: { readonly failed: string; readonly over: string },
): RepeatedProblem {
  return new RepeatedProblem({
    onReport: ({ error, ...line }) => log.error({ err: error, ...line }, messages.failed),
    onResolved: ({ count, seconds }) => log.info({ count, seconds }, messages.over),
  });
}

/** A problem that was not reported for so long, in milliseconds, is over, also without {@link Problem.resolve}. */
const quietMs = 2 * maxReportIntervalMs;

/** How many kinds of errors of one problem have a line at once. */
const maxKinds = 10;

interface State {
  readonly beganMs: number;
  lastMs: number;
  /** When the next line is due. */
  nextMs: number;
  intervalMs: number;
  total: number;
  sinceLine: number;
  readonly kinds: Set<string>;
  /** Whether a line was written since it was over last. */
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
