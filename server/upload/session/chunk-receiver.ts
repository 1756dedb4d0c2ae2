import type { Timers } from "../../../client/shared/timers.ts";
import type { SharedLimit } from "../../transport/protection/shared-limit.ts";
import type { DiskFile } from "../file/disk-operations.ts";
import type { FlushMode } from "../file/durable-append.ts";
import type { SessionFile } from "../file/session-file.ts";
import type { UploadQuota } from "../upload-quota.ts";
import { gap, type UploadState } from "./upload-state-machine.ts";
import type { UploadStateTracker } from "./upload-state-tracker.ts";

/** How long a chunk waits for the bytes before it, in milliseconds. */
export const chunkWaitMs = 10_000;

/** Bytes of a file from one writer. */
export interface Chunk {
  readonly generation: number;
  readonly offset: number;
  /** Must not change after the call. */
  readonly data: Uint8Array;
}

/** `any`: a chunk waits for the bytes before it. `sequential`: each chunk follows the one before it. */
export type ChunkOrder = "any" | "sequential";

export interface ReceiverDependencies {
  readonly quota: UploadQuota;
  /** The limit on the bytes of chunks that wait for the bytes before them. */
  readonly bufferedBytes: SharedLimit;
  readonly timers: Timers;
}

interface WaitingChunk {
  readonly offset: number;
  readonly wake: () => void;
}

/** Receives the chunks of one upload: appends new bytes, compares stored ones, and lets early chunks wait. */
export class ChunkReceiver {
  readonly #tracker: UploadStateTracker;
  readonly #file: SessionFile;
  readonly #dependencies: ReceiverDependencies;
  readonly #waiting = new Set<WaitingChunk>();

  constructor(tracker: UploadStateTracker, file: SessionFile, dependencies: ReceiverDependencies) {
    this.#tracker = tracker;
    this.#file = file;
    this.#dependencies = dependencies;
  }

  /** Resolves when the bytes of the chunk are appended, or equal the stored ones. Rejects with an UploadError if refused. */
  async receive({ generation, offset, data }: Chunk, order: ChunkOrder): Promise<void> {
    let comparedBytes = 0; // from the start of the chunk; they equal the stored ones
    for (;;) {
      while (this.#tracker.state.phase === "open" && !this.#file.isWritable) await this.#file.open();
      const outcome = this.#tracker.decide({ kind: "chunk", generation, offset, length: data.byteLength });
      switch (outcome.kind) {
        case "append":
          if (comparedBytes >= outcome.overlap) {
            this.#append(data.subarray(outcome.overlap), outcome.next);
            return;
          }
          await this.#compare(offset + comparedBytes, data.subarray(comparedBytes, outcome.overlap));
          comparedBytes = outcome.overlap;
          break; // The state may have changed during the comparison.
        case "compare":
          if (comparedBytes < data.byteLength)
            await this.#compare(offset + comparedBytes, data.subarray(comparedBytes));
          return;
        case "wait":
          if (order === "sequential") throw this.#gapError(offset);
          await this.#waitForPrecedingBytes(offset, data.byteLength);
          break; // The state has changed.
        case "refuse":
          throw outcome.reason === "GAP" ? this.#gapError(offset) : this.#tracker.refusal(outcome);
      }
    }
  }

  /** Resolves when all bytes before `upTo` are committed. Rejects with an UploadError if the disk or the database fails. */
  async commit(upTo: number, mode: FlushMode): Promise<void> {
    if (upTo <= this.#tracker.state.committed) return;
    try {
      await this.#file.commit(upTo, mode);
    } catch (error) {
      throw this.#tracker.diskError(error);
    }
  }

  /** Wakes all waiting chunks: the writer or the phase has changed. */
  wakeAll(): void {
    for (const chunk of this.#waiting) chunk.wake();
  }

  #append(data: Uint8Array, next: UploadState): void {
    this.#tracker.assertWritable();
    const refusal = this.#dependencies.quota.grow(this.#tracker.record.id, next.received);
    if (refusal !== undefined) throw this.#tracker.error(refusal.reason, refusal.message);
    this.#tracker.enter(next);
    this.#file.append(data);
    for (const chunk of this.#waiting) if (chunk.offset <= next.received) chunk.wake();
  }

  /** Throws an UploadError if stored bytes differ from `data`. */
  async #compare(offset: number, data: Uint8Array): Promise<void> {
    await this.commit(offset + data.byteLength, "immediate");
    const file = await this.#file.open();
    const different = await firstDifference(file, offset, data);
    if (different === undefined) return;
    throw this.#tracker.error(
      "OVERLAP",
      `the chunk at ${offset} differs from the stored bytes at offset ${different}; if the file has changed, abort and send it with a new upload id`,
    );
  }

  /** Waits until the bytes before `offset` are received, or the writer or the phase changes. */
  async #waitForPrecedingBytes(offset: number, bytes: number): Promise<void> {
    const { bufferedBytes, timers } = this.#dependencies;
    const { owner } = this.#tracker.record;
    const refusal = bufferedBytes.refusal(owner, bytes);
    if (refusal !== undefined) {
      const message = `${refusal.message}; the next offset is ${this.#tracker.state.committed}`;
      throw this.#tracker.error("TOO_MANY", message);
    }
    using _ = bufferedBytes.acquire(owner, bytes);
    const { promise, resolve } = Promise.withResolvers<"woken" | "timeout">();
    const chunk = { offset, wake: () => resolve("woken") };
    this.#waiting.add(chunk);
    const cancel = timers.after(chunkWaitMs, () => resolve("timeout"));
    try {
      if ((await promise) === "timeout") throw this.#tracker.refusal(gap(this.#tracker.state, offset));
    } finally {
      cancel();
      this.#waiting.delete(chunk);
    }
  }

  /** The error for missing bytes. If a failed write has dropped them, the error of that write. */
  #gapError(offset: number): unknown {
    const { writeError } = this.#file;
    if (writeError !== undefined) return this.#tracker.diskError(writeError);
    return this.#tracker.refusal(gap(this.#tracker.state, offset));
  }
}

/** Returns the first offset at which the file differs from `data`; undefined if it does not. */
async function firstDifference(file: DiskFile, offset: number, data: Uint8Array): Promise<number | undefined> {
  const stored = Buffer.allocUnsafe(data.byteLength);
  const length = await file.read(stored, offset);
  if (length === data.byteLength && stored.equals(data)) return undefined;
  return offset + stored.findIndex((byte, index) => index >= length || byte !== data[index]);
}
