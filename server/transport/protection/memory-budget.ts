/**
 * Counts bytes against a limit, and against the limits of the budgets that it is a part of: a connection's, its
 * client's, the process's.
 */
export class MemoryBudget {
  readonly limit: number;
  readonly #parent: MemoryBudget | undefined;
  #used = 0;

  /** @param limit in bytes */
  constructor(limit: number, parent?: MemoryBudget) {
    this.limit = limit;
    this.#parent = parent;
  }

  /** The bytes that may still be taken. */
  get left(): number {
    return Math.min(this.limit - this.#used, this.#parent?.left ?? Number.POSITIVE_INFINITY);
  }

  /** The bytes that are taken. */
  get used(): number {
    return this.#used;
  }

  /** Takes bytes of this budget and of those that it is a part of. False: one of them has no room, and none changed. */
  take(bytes: number): boolean {
    if (this.#used + bytes > this.limit) return false;
    if (this.#parent?.take(bytes) === false) return false;
    this.#used += bytes;
    return true;
  }

  /** Gives back bytes that were taken. */
  give(bytes: number): void {
    this.#used -= bytes;
    this.#parent?.give(bytes);
  }
}
