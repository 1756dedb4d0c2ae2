import { Mutex } from "../../shared/mutex.ts";
import { discardFile } from "../file/discard-file.ts";
import type { FlushMode } from "../file/durable-append.ts";
import { publishFile } from "../file/publish-file.ts";
import { UploadFile } from "../file/upload-file.ts";
import type { FileMetadata, UploadRecord } from "../store/upload-record.ts";
import type { UploadError } from "../upload-errors.ts";
import { differenceOf } from "./difference-of.ts";
import { firstDifference } from "./first-difference.ts";
import { withIdleTimeout } from "./idle-timeout.ts";
import { OutOfOrderChunks } from "./out-of-order-chunks.ts";
import { openFolder, pathOf, type UploadDependencies, type UploadView } from "./upload-dependencies.ts";
import type { Outcome, Progress } from "./upload-events.ts";
import { gap } from "./upload-machine.ts";
import { UploadStatus } from "./upload-status.ts";
import { UploadWriters } from "./upload-writers.ts";

/** How long a chunk waits for the one before it. */
export const holdMs = 10_000;

/** How many chunks of an upload may be under way: the two that a client may have, and two of a connection that broke. */
export const maxChunkCalls = 4;

/** How long FinishUpload waits for the hash before it answers VERIFYING. */
const verifyWaitMs = 2_000;

/** Some bytes of a file, from one writer. */
export interface Chunk {
  readonly generation: number;
  readonly offset: number;
  /** Must not change from now on. */
  readonly data: Uint8Array;
}

/** What a client says of a file when it has sent it. */
export interface FinishRequest {
  readonly generation: number;
  readonly size?: number | undefined;
  /** In lower-case hex. */
  readonly sha256?: string | undefined;
}

/** One upload while somebody has to do with it. Both doors lead here; `decide` says what follows, this does it. */
export class UploadSession {
  readonly #parts: UploadDependencies;
  readonly #lock = new Mutex();
  readonly #standing: UploadStatus;
  readonly #file: UploadFile;
  readonly #held: OutOfOrderChunks;
  readonly #writers = new UploadWriters();
  #chunkCalls = 0;
  #verdict: Promise<Outcome | undefined> | undefined;

  constructor(record: UploadRecord, parts: UploadDependencies) {
    this.#parts = parts;
    this.#standing = new UploadStatus(record, parts);
    this.#held = new OutOfOrderChunks(parts.timers);
    this.#file = new UploadFile(parts, {
      current: () => ({ ...this.#standing.record, committed: this.#standing.progress.committed }),
      happens: (event) => void this.#standing.accept(event),
      onDamaged: () => this.#damage(),
      onUpdate: (updateMicros) => {
        this.#standing.know({ ...this.#standing.record, updateMicros });
      },
    });
  }

  get view(): UploadView {
    return this.#standing.view;
  }

  /** Makes the caller the writer, and stops the one before. Resolves when all that was taken so far is committed. */
  start(words: FileMetadata): Promise<UploadView> {
    return this.#lock.run(async () => {
      const event = { kind: "start", difference: differenceOf(this.#standing.record, words) } as const;
      if (this.#standing.accept(event).kind !== "own") return this.view;
      await this.#settle();
      const outcome = this.#standing.accept(event);
      if (outcome.kind !== "own") return this.view;
      const { generation } = outcome.next;
      await this.#standing.store({ generation });
      this.#standing.move({ ...this.#standing.progress, generation });
      this.#stopWriters(generation);
      this.#wake();
      return this.view;
    });
  }

  /** Calls `stop` when another writer takes over, or the upload goes away, until it is disposed of. */
  watchWriter(generation: number, stop: (reason: UploadError) => void): Disposable {
    return this.#writers.watch(generation, stop);
  }

  /** Takes a chunk that may be ahead of the one before it. Resolves when it is committed. */
  async writeChunk(chunk: Chunk): Promise<number> {
    if (this.#chunkCalls >= maxChunkCalls) {
      throw this.#standing.error(
        "TOO_MANY",
        `${this.#chunkCalls} of its chunks are under way: wait for an answer first`,
      );
    }
    this.#chunkCalls++;
    try {
      await this.#take(chunk, "may wait");
      await this.commit(chunk.offset + chunk.data.byteLength, "with the next");
      return this.#standing.progress.committed;
    } finally {
      this.#chunkCalls--;
    }
  }

  /** Takes a chunk that follows the one before it. Resolves when there is room for another one. */
  async append(chunk: Chunk): Promise<void> {
    await this.#take(chunk, "in order");
    try {
      await this.#file.room();
    } catch (error) {
      throw this.#standing.diskError(error);
    }
  }

  /** How many bytes were taken and are not committed. */
  get uncommittedBytes(): number {
    return this.#file.uncommittedBytes;
  }

  /** Begins to commit what was taken so far. */
  commitSoon(): void {
    this.#file.commitSoon();
  }

  /** Resolves when all before `upTo` is committed; without it, all that was taken so far. */
  async commit(upTo = this.#standing.progress.received, haste: FlushMode = "now"): Promise<void> {
    if (upTo <= this.#standing.progress.committed) return;
    try {
      await this.#file.commit(upTo, haste);
    } catch (error) {
      throw this.#standing.diskError(error);
    }
  }

  /**
   * Ends the upload. Resolves when it is complete, or it takes longer than {@link verifyWaitMs}, unless the caller will
   * wait for the verdict.
   */
  async finish(words: FinishRequest, patience: "short" | "until the verdict"): Promise<UploadView> {
    const { verdict } = await this.#lock.run(async () => {
      if (this.#standing.progress.phase === "open") {
        this.#standing.assertWritable();
        await this.commit();
      }
      if (this.#standing.accept({ kind: "finish", ...words }).kind === "verify") {
        this.#verdict = this.#verify();
        this.#verdict.catch(() => {}); // Told to those who wait for it; who asks again begins anew.
      }
      return { verdict: this.#standing.progress.phase === "verifying" ? this.#verdict : undefined };
    });
    const outcome = await (patience === "short" ? withIdleTimeout(this.#parts.timers, verifyWaitMs, verdict) : verdict);
    if (outcome?.kind === "refuse") throw this.#standing.refusal(outcome);
    // Somebody else may have told another hash meanwhile.
    if (this.#standing.progress.phase === "complete") this.#standing.accept({ kind: "finish", ...words });
    return this.view;
  }

  /** Gives the upload up, and deletes its bytes. */
  abort(): Promise<UploadView> {
    return this.#lock.run(() => this.#discard("abort"));
  }

  /**
   * Gives the upload up if nothing more of it has come since then, in microseconds since 1970.
   *
   * @param which `empty`: only if it has no byte
   */
  expire(sinceMicros: number, which: "any" | "empty"): Promise<UploadView> {
    return this.#lock.run(async () => {
      const isWanted = which === "any" || this.#standing.progress.received === 0;
      return isWanted && this.#standing.record.updateMicros < sinceMicros ? this.#discard("expire") : this.view;
    });
  }

  /** Closes the file when nothing is under way in it. What comes after that opens it again. */
  close(): Promise<void> {
    return this.#file.close();
  }

  async #discard(kind: "abort" | "expire"): Promise<UploadView> {
    const { phase, received } = this.#standing.progress;
    if (this.#standing.decide({ kind }).kind !== "discard") return this.view;
    await discardFile(this.#standing, this.#file, this.#parts, {
      phase: kind === "abort" ? "aborted" : "expired",
      onStored: () => {
        this.#standing.accept({ kind });
        this.#stopWriters(Number.POSITIVE_INFINITY);
      },
    });
    const { id, owner } = this.#standing.record;
    if (phase === "complete") this.#parts.quota.removeComplete(owner, received);
    else this.#parts.quota.remove(id);
    return this.view;
  }

  async #take(chunk: Chunk, order: "may wait" | "in order"): Promise<void> {
    const { offset, data, generation } = chunk;
    // How many of its bytes are known to be like those that are there.
    let same = 0;
    for (;;) {
      while (this.#standing.progress.phase === "open" && !this.#file.isWritable) await this.#file.opened();
      const outcome = this.#standing.decide({ kind: "chunk", generation, offset, length: data.byteLength });
      switch (outcome.kind) {
        case "hold":
          // On a stream nothing is missing but what could not be written.
          if (order === "in order" && this.#file.lost !== undefined) throw this.#standing.diskError(this.#file.lost);
          if (order === "in order") throw this.#standing.refusal(gap(this.#standing.progress, offset));
          await this.#hold(offset, data.byteLength);
          break;
        case "compare":
          if (same < data.byteLength) await this.#compare(offset + same, data.subarray(same));
          return;
        case "append":
          if (same < outcome.known) {
            await this.#compare(offset + same, data.subarray(same, outcome.known));
            same = outcome.known;
            break;
          }
          this.#standing.assertWritable();
          this.#reserve(outcome.next.received);
          this.#standing.move(outcome.next);
          this.#file.take(data.subarray(outcome.known));
          this.#wake();
          return;
        case "refuse":
          if (outcome.problem === "GAP" && this.#file.lost !== undefined)
            throw this.#standing.diskError(this.#file.lost);
          throw this.#standing.refusal(outcome);
        default:
          throw new Error(`a chunk cannot lead to ${outcome.kind}`);
      }
    }
  }

  #reserve(bytes: number): void {
    const refusal = this.#parts.quota.grow(this.#standing.record.id, bytes);
    if (refusal !== undefined) throw this.#standing.error(refusal.problem, refusal.message);
  }

  async #compare(offset: number, data: Uint8Array): Promise<void> {
    await this.commit(offset + data.byteLength);
    const file = await this.#file.opened();
    const different = await firstDifference(file, offset, data);
    if (different === undefined) return;
    throw this.#standing.error(
      "OVERLAP",
      `the chunk at ${offset} has other bytes from ${different} on than those that are there: if the file has changed, abort, and send it under a new id`,
    );
  }

  /** Waits until the bytes before `offset` were taken, or there is something else to decide. */
  async #hold(offset: number, bytes: number): Promise<void> {
    const { heldBytes } = this.#parts;
    const { owner } = this.#standing.record;
    const refusal = heldBytes.refusal(owner, bytes);
    if (refusal !== undefined) {
      const message = `${refusal.message}, the one at ${this.#standing.progress.committed} first`;
      throw this.#standing.error("TOO_MANY", message);
    }
    using _ = heldBytes.acquire(owner, bytes);
    if ((await this.#held.wait(offset, holdMs)) === "late")
      throw this.#standing.refusal(gap(this.#standing.progress, offset));
  }

  #wake(): void {
    const { phase, received } = this.#standing.progress;
    this.#held.wake(phase === "open" ? received : Number.POSITIVE_INFINITY);
  }

  #stopWriters(generation: number): void {
    const { phase } = this.#standing.progress;
    const reason =
      phase === "open" || phase === "verifying"
        ? this.#standing.error("STALE_WRITER", "another writer has taken the upload over: stop, or start it again")
        : this.#standing.gone();
    this.#writers.stopBefore(generation, reason);
    this.#held.wake(Number.POSITIVE_INFINITY);
  }

  async #verify(): Promise<Outcome | undefined> {
    const { id } = this.#standing.record;
    try {
      const end = this.#standing.progress.received;
      const sha256 = await this.#parts.hasher.digest(id, pathOf(id, openFolder), end);
      return await this.#lock.run(async () => {
        const outcome = this.#standing.decide({ kind: "hashed", sha256 });
        if (outcome.kind === "refuse" && outcome.next !== undefined) this.#standing.move(outcome.next);
        if (outcome.kind === "publish") await this.#publish(outcome.next);
        return outcome;
      });
    } catch (error) {
      const outcome = this.#standing.accept({ kind: "unhashed" });
      if (outcome.kind === "answer") throw this.#standing.gone();
      throw this.#standing.diskError(error);
    }
  }

  async #publish(next: Progress): Promise<void> {
    this.#standing.assertWritable();
    await this.#file.idle();
    const file = await this.#file.opened();
    const { size = 0, sha256 } = next;
    const updateMicros = this.#parts.nowMicros();
    const record = {
      ...this.#standing.record,
      phase: "complete" as const,
      size,
      sha256,
      committed: size,
      updateMicros,
    };
    this.#standing.know(await publishFile(record, file, this.#parts));
    this.#standing.move(next);
    this.#parts.hasher.forget(record.id);
    this.#parts.quota.complete(record.id, size);
    this.#wake();
  }

  /** Commits what was taken; what cannot be is lost, which the committed offset tells. */
  async #settle(): Promise<void> {
    await this.commit().catch(() => {});
  }

  async #damage(): Promise<Error> {
    await this.#standing.store({ phase: "damaged" });
    this.#standing.accept({ kind: "found" });
    return this.#standing.error("STATE", "the upload is damaged: abort it, and send the file under a new id");
  }
}
