/** Whether the disk has kept what it was given so far. Once it has not, the store only reads until it is opened anew. */
export class StoreHealth {
  readonly #onFailure: (error: unknown) => void;
  #failure: unknown;

  /** @param onFailure is told of the first failure */
  constructor(onFailure: (error: unknown) => void) {
    this.#onFailure = onFailure;
  }

  get isReadOnly(): boolean {
    return this.#failure !== undefined;
  }

  /** The disk may have lost what it had taken: a sync has failed, and no later one can be believed. */
  fail(error: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = error ?? new Error("unknown");
    this.#onFailure(error);
  }

  /** Passes a sync on, and remembers where it has failed. */
  async guard(sync: Promise<void>): Promise<void> {
    try {
      await sync;
    } catch (error) {
      this.fail(error);
      throw error;
    }
  }
}
