import { runForPeer } from "../transport/protection/peer.ts";

/**
 * Does the work of many callers in common steps: what comes while a step is under way is done together in the next, so
 * that callers share the wait for the disk instead of queueing for it. What comes first is done first.
 */
export class GroupCommit<Job, Result> {
  readonly #run: (jobs: readonly Job[]) => Promise<readonly Result[]>;
  readonly #maxJobs: number;
  #waiting: Waiting<Job, Result>[] = [];
  #isRunning = false;

  /**
   * @param run does some jobs, all of them or none, and gives a result for each; where it throws, all of them fail
   * @param maxJobs how many it may get at once
   */
  constructor(run: (jobs: readonly Job[]) => Promise<readonly Result[]>, maxJobs: number) {
    this.#run = run;
    this.#maxJobs = maxJobs;
  }

  /** Resolves to the job's result once the step that it was in is done. */
  add(job: Job): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    this.#waiting.push({ job, resolve, reject });
    if (!this.#isRunning) void runForPeer(undefined, () => this.#runAll()); // for the jobs of all clients
    return promise;
  }

  async #runAll(): Promise<void> {
    this.#isRunning = true;
    // Callers that add several jobs, or that are called in the same turn, get them into the first step.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const step = this.#waiting.splice(0, this.#maxJobs);
      try {
        const results = await this.#run(step.map(({ job }) => job));
        for (const [index, { resolve }] of step.entries()) resolve(results[index] as Result);
      } catch (error) {
        for (const { reject } of step) reject(error);
      }
    }
    this.#isRunning = false;
  }
}

interface Waiting<Job, Result> {
  readonly job: Job;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}
