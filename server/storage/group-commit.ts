import { runForPeer } from "../transport/protection/current-peer.ts";

/**
 * Group commit: runs the jobs of many callers in groups. The jobs that arrive while a group runs are the next group, so
 * that callers share the wait for the disk. Jobs run in the order of their arrival.
 */
export class GroupCommit<Job, Result> {
  readonly #run: (jobs: readonly Job[]) => Promise<readonly Result[]>;
  readonly #maxJobs: number;
  #waiting: Waiting<Job, Result>[] = [];
  #isRunning = false;

  /**
   * @param run runs a group atomically and returns the result of each job; if it rejects, all jobs of the group fail
   * @param maxJobs the maximum number of jobs in a group
   */
  constructor(run: (jobs: readonly Job[]) => Promise<readonly Result[]>, maxJobs: number) {
    this.#run = run;
    this.#maxJobs = maxJobs;
  }

  /** Queues a job. Resolves to its result after its group has run. */
  add(job: Job): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    this.#waiting.push({ job, resolve, reject });
    if (!this.#isRunning) void runForPeer(undefined, () => this.#runAll()); // the group has jobs of all clients
    return promise;
  }

  async #runAll(): Promise<void> {
    this.#isRunning = true;
    // The first group includes all jobs that are added in the same microtask.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0, this.#maxJobs);
      try {
        const results = await this.#run(group.map(({ job }) => job));
        for (const [index, { resolve }] of group.entries()) resolve(results[index] as Result);
      } catch (error) {
        for (const { reject } of group) reject(error);
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
