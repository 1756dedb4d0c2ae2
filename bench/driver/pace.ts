import type { Duration } from "./load-client.ts";

/** The sizes, rounds and durations of a run. */
export interface Pace {
  /** The sizes of the workloads. */
  readonly sizes: "full" | "quick";
  readonly rounds: number;
  /** A peer that takes longer than this for a round, in milliseconds, is skipped in the following rounds. */
  readonly longRound: number;
  /** The durations of the first round, in which a server's code is compiled, and of the later rounds. */
  readonly first: Duration;
  readonly next: Duration;
}

/** Takes up to fifteen minutes on two cores. */
export const fullPace: Pace = {
  sizes: "full",
  rounds: 3,
  longRound: 15_000,
  first: { warm: 2_000, measure: 1_500 },
  next: { warm: 300, measure: 1_500 },
};

/** Takes up to three minutes on two cores. */
export const quickPace: Pace = {
  sizes: "quick",
  rounds: 2,
  longRound: 1_500,
  first: { warm: 700, measure: 300 },
  next: { warm: 100, measure: 300 },
};
