/** How many bytes of all uploads together may wait for those before them. */
export const maxHeldBytes = 64 * 1024 * 1024;

/** Counts the bytes of chunks that wait for the ones before them, of all uploads together. */
export class HeldBytes {
  #bytes = 0;

  /** Makes room for so many bytes, until it is disposed of; `undefined` where there is none. */
  take(bytes: number): Disposable | undefined {
    if (this.#bytes + bytes > maxHeldBytes) return undefined;
    this.#bytes += bytes;
    return {
      [Symbol.dispose]: () => {
        this.#bytes -= bytes;
      },
    };
  }
}
