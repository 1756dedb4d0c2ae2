/** Lets tasks run one at a time, in the order in which they come. */
export class Mutex {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs a task when those before it have ended, however they did. */
  run<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(task);
    this.#last = turn.catch(() => {});
    return turn;
  }
}
