import type { UploadError } from "../upload-errors.ts";

/** Those who write an upload by a call that lasts, and are told when they no longer may. */
export class UploadWriters {
  readonly #writers = new Set<{ readonly generation: number; readonly stop: (reason: UploadError) => void }>();

  /** Calls `stop` when another writer takes over, or the upload goes away, until it is disposed of. */
  watch(generation: number, stop: (reason: UploadError) => void): Disposable {
    const writer = { generation, stop };
    this.#writers.add(writer);
    return { [Symbol.dispose]: () => void this.#writers.delete(writer) };
  }

  /** Stops all that came before a writer. */
  stopBefore(generation: number, reason: UploadError): void {
    for (const writer of this.#writers) if (writer.generation < generation) writer.stop(reason);
  }
}
