import { StoreFullError, type UploadError } from "../domain-errors.ts";
import { differenceOf } from "./difference-of.ts";
import type { Haste } from "./durable-append.ts";
import { firstDifference } from "./first-difference.ts";
import { maxHeldBytes } from "./held-bytes.ts";
import { HeldChunks } from "./held-chunks.ts";
import { publishFile } from "./publish-file.ts";
import { TurnLock } from "./turn-lock.ts";
import { readOnlyMessage, uploadError } from "./upload-error.ts";
import type { Outcome, Problem, Progress, UploadEvent } from "./upload-events.ts";
import { UploadFile } from "./upload-file.ts";
import { decide, gap } from "./upload-machine.ts";
import { completeFolder, openFolder, pathOf, type UploadParts, type UploadView } from "./upload-parts.ts";
import type { FileWords, UploadRecord } from "./upload-record.ts";
import { withinTime } from "./within-time.ts";

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
export interface FinishWords {
  readonly generation: number;
  readonly size?: number | undefined;
  /** In lower-case hex. */
  readonly sha256?: string | undefined;
}

/** One upload while somebody has to do with it. Both doors lead here; `decide` says what follows, this does it. */
export class UploadSession {
  readonly #parts: UploadParts;
  readonly #lock = new TurnLock();
  #record: UploadRecord;
  #progress: Progress;
  readonly #file: UploadFile;
  readonly #held: HeldChunks;
  readonly #writers = new Set<{ readonly generation: number; readonly stop: (reason: UploadError) => void }>();
  #chunkCalls = 0;
  #verdict: Promise<Outcome | undefined> | undefined;

  constructor(record: UploadRecord, parts: UploadParts) {
    this.#parts = parts;
    this.#held = new HeldChunks(parts.timers);
    this.#file = new UploadFile(parts, {
      current: () => ({ ...this.#record, committed: this.#progress.committed }),
      happens: (event) => void this.#accept(event),
      onDamaged: () => this.#damage(),
      onUpdate: (updateMicros) => {
        this.#record = { ...this.#record, updateMicros };
      },
    });
    this.#record = record;
    const { phase, committed, generation, size, sha256 } = record;
    this.#progress = { phase, received: committed, committed, generation, size, sha256 };
  }

  get view(): UploadView {
    const { phase, committed, generation } = this.#progress;
    return { ...this.#record, phase, committed, generation };
  }

  /** Makes the caller the writer, and stops the one before. Resolves when all that was taken so far is committed. */
  start(words: FileWords): Promise<UploadView> {
    return this.#lock.run(async () => {
      const event = { kind: "start", difference: differenceOf(this.#record, words) } as const;
      if (this.#accept(event).kind !== "own") return this.view;
      await this.#settle();
      const outcome = this.#accept(event);
      if (outcome.kind !== "own") return this.view;
      const { generation } = outcome.next;
      await this.#store({ generation });
      this.#progress = { ...this.#progress, generation };
      this.#stopWriters(generation);
      this.#wake();
      return this.view;
    });
  }

  /** Calls `stop` when another writer takes over, or the upload goes away, until it is disposed of. */
  watchWriter(generation: number, stop: (reason: UploadError) => void): Disposable {
    const writer = { generation, stop };
    this.#writers.add(writer);
    return { [Symbol.dispose]: () => void this.#writers.delete(writer) };
  }

  /** Takes a chunk that may be ahead of the one before it. Resolves when it is committed. */
  async writeChunk(chunk: Chunk): Promise<number> {
    if (this.#chunkCalls >= maxChunkCalls) {
      throw this.#error("TOO_MANY", `${this.#chunkCalls} of its chunks are under way: wait for an answer first`);
    }
    this.#chunkCalls++;
    try {
      await this.#take(chunk, "may wait");
      await this.commit(chunk.offset + chunk.data.byteLength, "with the next");
      return this.#progress.committed;
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
      throw this.#diskError(error);
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
  async commit(upTo = this.#progress.received, haste: Haste = "now"): Promise<void> {
    if (upTo <= this.#progress.committed) return;
    try {
      await this.#file.commit(upTo, haste);
    } catch (error) {
      throw this.#diskError(error);
    }
  }

  /**
   * Ends the upload. Resolves when it is complete, or it takes longer than {@link verifyWaitMs}, unless the caller will
   * wait for the verdict.
   */
  async finish(words: FinishWords, patience: "short" | "until the verdict"): Promise<UploadView> {
    const { verdict } = await this.#lock.run(async () => {
      if (this.#progress.phase === "open") {
        this.#assertWritable();
        await this.commit();
      }
      if (this.#accept({ kind: "finish", ...words }).kind === "verify") {
        this.#verdict = this.#verify();
        this.#verdict.catch(() => {}); // Told to those who wait for it; who asks again begins anew.
      }
      return { verdict: this.#progress.phase === "verifying" ? this.#verdict : undefined };
    });
    const outcome = await (patience === "short" ? withinTime(this.#parts.timers, verifyWaitMs, verdict) : verdict);
    if (outcome?.kind === "refuse") throw this.#refusal(outcome);
    // Somebody else may have told another hash meanwhile.
    if (this.#progress.phase === "complete") this.#accept({ kind: "finish", ...words });
    return this.view;
  }

  /** Gives the upload up, and deletes its bytes. */
  abort(): Promise<UploadView> {
    return this.#lock.run(() => this.#discard("abort"));
  }

  /** Gives the upload up where nothing more of it has come since then, in microseconds since 1970. */
  expire(sinceMicros: number): Promise<UploadView> {
    return this.#lock.run(async () => (this.#record.updateMicros < sinceMicros ? this.#discard("expire") : this.view));
  }

  /** Closes the file when nothing is under way in it. What comes after that opens it again. */
  close(): Promise<void> {
    return this.#file.close();
  }

  async #discard(kind: "abort" | "expire"): Promise<UploadView> {
    const { phase, received } = this.#progress;
    if (this.#decide({ kind }).kind !== "discard") return this.view;
    await this.#storeEnd(kind === "abort" ? "aborted" : "expired");
    this.#accept({ kind });
    this.#stopWriters(Number.POSITIVE_INFINITY);
    await this.#removeFiles();
    this.#parts.quota.remove(this.#record.id, phase === "complete" ? received : 0);
    return this.view;
  }

  async #storeEnd(phase: "aborted" | "expired"): Promise<void> {
    try {
      await this.#store({ phase });
    } catch (error) {
      if (!(error instanceof StoreFullError)) throw error;
      // The row has room when the bytes are gone. After a crash in between the upload is damaged, and can be aborted.
      await this.#removeFiles();
      await this.#store({ phase });
    }
  }

  async #removeFiles(): Promise<void> {
    const { hasher, disk } = this.#parts;
    const { id } = this.#record;
    await this.close();
    hasher.forget(id);
    for (const folder of [openFolder, completeFolder] as const) await disk.remove(pathOf(id, folder));
  }

  async #take(chunk: Chunk, order: "may wait" | "in order"): Promise<void> {
    const { offset, data, generation } = chunk;
    // How many of its bytes are known to be like those that are there.
    let same = 0;
    for (;;) {
      while (this.#progress.phase === "open" && !this.#file.isWritable) await this.#file.opened();
      const outcome = this.#decide({ kind: "chunk", generation, offset, length: data.byteLength });
      switch (outcome.kind) {
        case "hold":
          // On a stream nothing is missing but what could not be written.
          if (order === "in order" && this.#file.lost !== undefined) throw this.#diskError(this.#file.lost);
          if (order === "in order") throw this.#refusal(gap(this.#progress, offset));
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
          this.#assertWritable();
          this.#reserve(outcome.next.received);
          this.#progress = outcome.next;
          this.#file.take(data.subarray(outcome.known));
          this.#wake();
          return;
        case "refuse":
          if (outcome.problem === "GAP" && this.#file.lost !== undefined) throw this.#diskError(this.#file.lost);
          throw this.#refusal(outcome);
        default:
          throw new Error(`a chunk cannot lead to ${outcome.kind}`);
      }
    }
  }

  #reserve(bytes: number): void {
    const refusal = this.#parts.quota.grow(this.#record.id, bytes);
    if (refusal !== undefined) throw this.#error(refusal.problem, refusal.message);
  }

  async #compare(offset: number, data: Uint8Array): Promise<void> {
    await this.commit(offset + data.byteLength);
    const file = await this.#file.opened();
    const different = await firstDifference(file, offset, data);
    if (different === undefined) return;
    throw this.#error(
      "OVERLAP",
      `the chunk at ${offset} has other bytes from ${different} on than those that are there: if the file has changed, abort, and send it under a new id`,
    );
  }

  /** Waits until the bytes before `offset` were taken, or there is something else to decide. */
  async #hold(offset: number, bytes: number): Promise<void> {
    using room = this.#parts.heldBytes.take(bytes);
    if (room === undefined) {
      const message = `chunks of other uploads, ${maxHeldBytes} bytes at most, wait for those before them: send the one at ${this.#progress.committed} first`;
      throw this.#error("TOO_MANY", message);
    }
    if ((await this.#held.wait(offset, holdMs)) === "late") throw this.#refusal(gap(this.#progress, offset));
  }

  #wake(): void {
    const { phase, received } = this.#progress;
    this.#held.wake(phase === "open" ? received : Number.POSITIVE_INFINITY);
  }

  #stopWriters(generation: number): void {
    const { phase } = this.#progress;
    const reason =
      phase === "open" || phase === "verifying"
        ? this.#error("STALE_WRITER", "another writer has taken the upload over: stop, or start it again")
        : this.#gone();
    for (const writer of this.#writers) if (writer.generation < generation) writer.stop(reason);
    this.#held.wake(Number.POSITIVE_INFINITY);
  }

  async #verify(): Promise<Outcome | undefined> {
    const { id } = this.#record;
    try {
      const end = this.#progress.received;
      const sha256 = await this.#parts.hasher.digest(id, pathOf(id, openFolder), end);
      return await this.#lock.run(async () => {
        const outcome = this.#decide({ kind: "hashed", sha256 });
        if (outcome.kind === "refuse" && outcome.next !== undefined) this.#progress = outcome.next;
        if (outcome.kind === "publish") await this.#publish(outcome.next);
        return outcome;
      });
    } catch (error) {
      const outcome = this.#accept({ kind: "unhashed" });
      if (outcome.kind === "answer") throw this.#gone();
      throw this.#diskError(error);
    }
  }

  async #publish(next: Progress): Promise<void> {
    this.#assertWritable();
    await this.#file.idle();
    const file = await this.#file.opened();
    const { size = 0, sha256 } = next;
    const updateMicros = this.#parts.nowMicros();
    const record = { ...this.#record, phase: "complete" as const, size, sha256, committed: size, updateMicros };
    this.#record = await publishFile(record, file, this.#parts);
    this.#progress = next;
    this.#parts.hasher.forget(record.id);
    this.#parts.quota.complete(record.id, size);
    this.#wake();
  }

  /** Commits what was taken; what cannot be is lost, which the committed offset tells. */
  async #settle(): Promise<void> {
    await this.commit().catch(() => {});
  }

  async #store(change: Partial<UploadRecord>): Promise<void> {
    this.#assertWritable();
    const { committed } = this.#progress;
    const record = { ...this.#record, committed, ...change, updateMicros: this.#parts.nowMicros() };
    await this.#parts.store.update(record);
    this.#record = record;
  }

  async #damage(): Promise<Error> {
    await this.#store({ phase: "damaged" });
    this.#accept({ kind: "found" });
    return this.#error("STATE", "the upload is damaged: abort it, and send the file under a new id");
  }

  #decide(event: UploadEvent): Outcome {
    return decide(this.#progress, event, this.#parts.limits);
  }

  /** Decides, and takes up what follows where it needs nothing else to be done first. Throws what is refused. */
  #accept(event: UploadEvent): Outcome {
    const outcome = this.#decide(event);
    if (outcome.kind === "refuse") throw this.#refusal(outcome);
    if (
      outcome.kind === "note" ||
      outcome.kind === "discard" ||
      outcome.kind === "verify" ||
      outcome.kind === "damage"
    ) {
      this.#progress = outcome.next;
    }
    return outcome;
  }

  #assertWritable(): void {
    if (this.#parts.health.isReadOnly) throw this.#error("READ_ONLY", readOnlyMessage);
  }

  #diskError(error: unknown): unknown {
    if (this.#parts.health.isReadOnly) return this.#error("READ_ONLY", readOnlyMessage);
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code !== "ENOSPC" && code !== "EDQUOT" && !(error instanceof StoreFullError)) return error;
    return this.#error("QUOTA", "the server's disk is full: come back when there is room, and go on there");
  }

  #gone(): UploadError {
    return this.#error("STATE", `the upload is ${this.#progress.phase}`);
  }

  #refusal({ problem, message }: Outcome & { kind: "refuse" }): UploadError {
    return this.#error(problem, message);
  }

  #error(problem: Problem, message: string): UploadError {
    return uploadError(this.#record.id, this.#progress, problem, message);
  }
}
