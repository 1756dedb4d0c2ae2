import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { type BourseProcess, startBourse } from "../start-bourse.ts";

/** The number of kills: `BOURSE_FAULT_ROUNDS`. Default: 50. */
export const faultRounds = Number(process.env.BOURSE_FAULT_ROUNDS ?? 50);

/** Flags for a fast start: without demo data and with one simulated instrument. */
const smallMarket = ["--no-demo", "--simulated-instruments", "1", "--simulated-rate", "1", "--log-level", "warn"];

/** The options of {@link killAtRandom}. */
export interface KillOptions {
  /** The number of kills. After them the server starts once more for `check`. */
  readonly rounds: number;
  /** The server is killed at a random moment within this number of milliseconds. */
  readonly withinMs: number;
  /** The seed of the times. The error of a failed round contains it. */
  readonly seed: number;
  /** Additional flags of the server. */
  readonly args?: readonly string[];
  /**
   * Uses the server until it is killed or the work is complete. If it resolves before the kill, the server is killed
   * afterwards. `begun` starts the timer of the kill.
   */
  readonly work: (server: BourseProcess, begun: () => void) => Promise<void>;
  /** Checks the stored data at the end. */
  readonly check: (server: BourseProcess) => Promise<void>;
}

/** Kills a server with SIGKILL at random times, and restarts it on the same data directory after each kill. */
export async function killAtRandom({ rounds, withinMs, seed, args = [], work, check }: KillOptions): Promise<void> {
  const data = await mkdtemp(join(tmpdir(), "bourse-faults-"));
  const moments = fc.sample(fc.integer({ min: 0, max: withinMs }), { numRuns: rounds, seed });
  try {
    for (const [round, moment] of moments.entries()) {
      await using server = await startBourse([...smallMarket, ...args], data);
      let timer: NodeJS.Timeout | undefined;
      const begun = () => {
        timer ??= setTimeout(() => server.process.kill("SIGKILL"), moment);
      };
      try {
        await work(server, begun);
      } catch (error) {
        throw new Error(`round ${round + 1} of ${rounds}, seed ${seed}, killed after ${moment} ms`, { cause: error });
      } finally {
        clearTimeout(timer);
      }
    }
    await using server = await startBourse([...smallMarket, ...args], data);
    await check(server);
  } finally {
    await rm(data, { recursive: true, force: true });
  }
}
