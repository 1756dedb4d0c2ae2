import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { type BourseProcess, startBourse } from "../start-bourse.ts";

/** How often a server is killed: `BOURSE_FAULT_ROUNDS`, or 50. */
export const faultRounds = Number(process.env.BOURSE_FAULT_ROUNDS ?? 50);

/** A server starts faster that has no market to make. */
const smallMarket = ["--no-demo", "--simulated-instruments", "1", "--simulated-rate", "1", "--log-level", "warn"];

/** What happens to a server that is killed again and again. */
export interface KillOptions {
  /** How often it is killed; after that it is started once more, for `check`. */
  readonly rounds: number;
  /** The server is killed at a random moment within this number of milliseconds. */
  readonly withinMs: number;
  /** Chooses the moments; printed where the test fails. */
  readonly seed: number;
  /** Further flags of the server. */
  readonly args?: readonly string[];
  /**
   * Uses the server, which is killed meanwhile; resolves when it has noticed, or has nothing more to do. Then the server
   * is killed if it was not before. Call `begun` to start the time until the kill.
   */
  readonly work: (server: BourseProcess, begun: () => void) => Promise<void>;
  /** Checks the stored data at the end. */
  readonly check: (server: BourseProcess) => Promise<void>;
}

/** Kills a server at random moments, each time with SIGKILL, and starts it again on the same data directory. */
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
