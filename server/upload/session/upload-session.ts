import type { Timers } from "../../../client/shared/timers.ts";
import { Mutex } from "../../shared/mutex.ts";
import { StoreFullError } from "../../storage/storage-errors.ts";
import type { FlushMode } from "../file/durable-append.ts";
import { openFolder, pathOf, publishFile, removeFile } from "../file/file-lifecycle.ts";
import { SessionFile, type SessionFileDependencies } from "../file/session-file.ts";
import type { DetectFileType } from "../image/detect-file-type.ts";
import type { FileMetadata, UploadRecord, UploadView } from "../store/upload-record.ts";
import type { UploadError } from "../upload-errors.ts";
import { type Chunk, ChunkReceiver, type ReceiverDependencies } from "./chunk-receiver.ts";
import type { Outcome, UploadState } from "./upload-state-machine.ts";
import { type TrackerDependencies, UploadStateTracker } from "./upload-state-tracker.ts";

/**
 * The maximum number of chunks of one upload in flight: two of the current connection and two of a connection that
 * broke.
 */
export const maxChunksInFlight = 4;

/** How long a finish waits for the hash before it returns the phase `verifying`, in milliseconds. */
const verifyWaitMs = 2_000;

/** The dependencies that all sessions share. */
export interface UploadDependencies extends SessionFileDependencies, TrackerDependencies, ReceiverDependencies {
  readonly detectType: DetectFileType;
}

/** The end of a file, as a client announces it. */
export interface FinishRequest {
  readonly generation: number;
  readonly size?: number | undefined;
  /** In lower-case hex. */
  readonly sha256?: string | undefined;
}

/** How long a finish waits for the hash: at most {@link verifyWaitMs}, or as long as it takes. */
export type FinishWait = "short" | "unlimited";

/**
 * The open session of one upload, which all transports share. `upload-state-machine.ts` decides the outcome of each request;
 * the session carries it out. Chunks are received by {@link ChunkReceiver}, bytes are committed by {@link SessionFile}.
 *
 * The mutex runs one change of the writer or the phase at a time. Chunks do not take it: they decide again after each
 * wait. Methods reject with an UploadError if the request is refused, or if the disk or the database fails.
 */
export class UploadSession {
  readonly #dependencies: UploadDependencies;
  readonly #mutex = new Mutex();
  readonly #tracker: UploadStateTracker;
  readonly #file: SessionFile;
  readonly #chunks: ChunkReceiver;
  readonly #writers = new Set<{ readonly generation: number; readonly stop: (reason: UploadError) => void }>();
  #chunksInFlight = 0;
  #verification: Promise<Outcome<"hashComputed">> | undefined;

  constructor(record: UploadRecord, dependencies: UploadDependencies) {
    this.#dependencies = dependencies;
    this.#tracker = new UploadStateTracker(record, dependencies);
    this.#file = new SessionFile(dependencies, {
      currentRecord: () => ({ ...this.#tracker.record, committed: this.#tracker.state.committed }),
      apply: (event) => void this.#tracker.apply(event),
      onDamaged: () => this.#markDamaged(),
      onRowUpdated: (updateMicros) => this.#tracker.setRecord({ ...this.#tracker.record, updateMicros }),
    });
    this.#chunks = new ChunkReceiver(this.#tracker, this.#file, dependencies);
  }

  get view(): UploadView {
    return this.#tracker.view;
  }

  /** Makes the caller the writer and stops the previous writer. Resolves when all received bytes are committed. */
  start(metadata: FileMetadata): Promise<UploadView> {
    return this.#mutex.run(async () => {
      const event = { kind: "start", difference: metadataDifference(this.#tracker.record, metadata) } as const;
      if (this.#tracker.apply(event).kind !== "acquire") return this.view;
      await this.commit().catch(() => {}); // Bytes that cannot be committed are lost; the client gets the committed offset.
      const outcome = this.#tracker.apply(event); // The commit may have changed the state.
      if (outcome.kind !== "acquire") return this.view;
      const { generation } = outcome.next;
      await this.#tracker.save({ generation });
      this.#tracker.enter({ ...this.#tracker.state, generation });
      this.#stopWriters(generation);
      return this.view;
    });
  }

  /** Calls `stop` if another writer takes the upload over or the upload ends, until the result is disposed of. */
  watchWriter(generation: number, stop: (reason: UploadError) => void): Disposable {
    const writer = { generation, stop };
    this.#writers.add(writer);
    return { [Symbol.dispose]: () => void this.#writers.delete(writer) };
  }

  /** Receives a chunk, which may arrive before the bytes that precede it. Resolves to the committed offset after it. */
  async writeChunk(chunk: Chunk): Promise<number> {
    if (this.#chunksInFlight >= maxChunksInFlight) {
      throw this.#tracker.error(
        "TOO_MANY",
        `limit of ${maxChunksInFlight} chunks in flight per upload reached; wait for a response first`,
      );
    }
    this.#chunksInFlight++;
    try {
      await this.#chunks.receive(chunk, "any");
      await this.commit(chunk.offset + chunk.data.byteLength, "grouped");
      return this.#tracker.state.committed;
    } finally {
      this.#chunksInFlight--;
    }
  }

  /** Receives the next chunk of a stream. Resolves when another chunk may follow, which can be before the commit. */
  async append(chunk: Chunk): Promise<void> {
    await this.#chunks.receive(chunk, "sequential");
    try {
      await this.#file.waitForCapacity();
    } catch (error) {
      throw this.#tracker.diskError(error);
    }
  }

  /** Starts to commit all received bytes. */
  startCommit(): void {
    this.#file.startCommit();
  }

  /** Resolves when all bytes before `upTo` are committed. Default: all received bytes. */
  commit(upTo = this.#tracker.state.received, mode: FlushMode = "immediate"): Promise<void> {
    return this.#chunks.commit(upTo, mode);
  }

  /**
   * Finishes the upload: commits, verifies size and hash, and publishes the file. Resolves when the upload is complete, or
   * when `wait` is over and the hash is still being computed.
   */
  async finish(request: FinishRequest, wait: FinishWait): Promise<UploadView> {
    // The promise is returned in an object, because the mutex would wait for a promise that its task returns.
    const { verification } = await this.#mutex.run(async () => {
      if (this.#tracker.state.phase === "open") {
        this.#tracker.assertWritable();
        await this.commit();
      }
      if (this.#tracker.apply({ kind: "finish", ...request }).kind === "verify") {
        this.#verification = this.#verify();
        this.#verification.catch(() => {}); // Callers that wait get the error. The next finish verifies again.
      }
      return { verification: this.#tracker.state.phase === "verifying" ? this.#verification : undefined };
    });
    if (verification !== undefined) {
      const { timers } = this.#dependencies;
      const outcome = await (wait === "short" ? resultWithin(timers, verifyWaitMs, verification) : verification);
      if (outcome?.kind === "refuse") throw this.#tracker.refusal(outcome);
    }
    // Another finish may have replaced the expected hash: compare the request with the complete file.
    if (this.#tracker.state.phase === "complete") this.#tracker.apply({ kind: "finish", ...request });
    return this.view;
  }

  /** Aborts the upload and deletes its file. */
  abort(): Promise<UploadView> {
    return this.#mutex.run(() => this.#discard("abort"));
  }

  /**
   * Expires the upload if its row has not changed since `sinceMicros`, in microseconds since 1970.
   *
   * @param which `empty`: only if no byte is received
   */
  expire(sinceMicros: number, which: "any" | "empty"): Promise<UploadView> {
    return this.#mutex.run(async () => {
      const matches = which === "any" || this.#tracker.state.received === 0;
      return matches && this.#tracker.record.updateMicros < sinceMicros ? this.#discard("expire") : this.view;
    });
  }

  /** Closes the file after its writes and syncs. A later call opens it again. */
  close(): Promise<void> {
    return this.#file.close();
  }

  /** Computes the hash and publishes the file, or returns the upload to the phase `open`. */
  async #verify(): Promise<Outcome<"hashComputed">> {
    const { id } = this.#tracker.record;
    try {
      const end = this.#tracker.state.received;
      const sha256 = await this.#dependencies.hasher.digest(id, pathOf(id, openFolder), end);
      return await this.#mutex.run(async () => {
        const outcome = this.#tracker.decide({ kind: "hashComputed", sha256 });
        switch (outcome.kind) {
          case "publish":
            await this.#publish(outcome.next);
            break;
          case "refuse":
            if (outcome.next !== undefined) this.#tracker.enter(outcome.next);
            break;
          case "none": // The upload was aborted.
            break;
        }
        return outcome;
      });
    } catch (error) {
      const outcome = this.#tracker.apply({ kind: "hashFailed" });
      throw outcome.kind === "none" ? this.#tracker.endedError() : this.#tracker.diskError(error);
    }
  }

  async #publish(next: UploadState): Promise<void> {
    const { detectType, nowMicros, store, hasher, quota } = this.#dependencies;
    const { size = 0, sha256 } = next;
    const { record } = this.#tracker;
    this.#tracker.assertWritable();
    await this.#file.waitUntilIdle();
    const file = await this.#file.open();
    const type = await detectType(file, size, record.owner);
    const updateMicros = nowMicros();
    const complete = {
      ...record,
      ...type,
      phase: "complete",
      size,
      sha256,
      committed: size,
      updateMicros,
    } as const;
    await publishFile(record.id, file, size, this.#dependencies, () => store.update(complete));
    this.#tracker.setRecord(complete);
    this.#tracker.enter(next);
    hasher.forget(record.id);
    quota.complete(record.id, size);
    this.#chunks.wakeAll();
  }

  /** Saves the new phase, then deletes the file. After a crash in between, recovery deletes it. */
  async #discard(kind: "abort" | "expire"): Promise<UploadView> {
    const { phase, received } = this.#tracker.state;
    if (this.#tracker.decide({ kind }).kind !== "discard") return this.view;
    const discarded = kind === "abort" ? "aborted" : "expired";
    try {
      await this.#tracker.save({ phase: discarded });
    } catch (error) {
      if (!(error instanceof StoreFullError)) throw error;
      // Deleting the file first frees disk space for the row. After a crash in between the upload is damaged.
      await this.#removeFile();
      await this.#tracker.save({ phase: discarded });
    }
    this.#tracker.apply({ kind });
    this.#stopWriters(Number.POSITIVE_INFINITY);
    await this.#removeFile();
    const { id, owner } = this.#tracker.record;
    if (phase === "complete") this.#dependencies.quota.removeComplete(owner, received);
    else this.#dependencies.quota.remove(id);
    return this.view;
  }

  async #removeFile(): Promise<void> {
    const { id } = this.#tracker.record;
    await this.#file.close();
    this.#dependencies.hasher.forget(id);
    await removeFile(id, this.#dependencies);
  }

  /** Stops the writers of older generations, and wakes all waiting chunks, so that they are refused. */
  #stopWriters(generation: number): void {
    const { phase } = this.#tracker.state;
    const reason =
      phase === "open" || phase === "verifying"
        ? this.#tracker.error(
            "STALE_WRITER",
            "another writer has taken the upload over; stop, or start the upload again to take it back",
          )
        : this.#tracker.endedError();
    for (const writer of this.#writers) if (writer.generation < generation) writer.stop(reason);
    this.#chunks.wakeAll();
  }

  async #markDamaged(): Promise<Error> {
    await this.#tracker.save({ phase: "damaged" });
    this.#tracker.apply({ kind: "fileChecked" });
    return this.#tracker.error(
      "STATE",
      "the server's disk has lost bytes of the upload; abort it and send the file with a new upload id",
    );
  }
}

/**
 * Describes the first value that differs from the first start. A value that is absent in either is not compared: a client
 * that resumes may know less than the client that started.
 */
function metadataDifference(record: UploadRecord, metadata: FileMetadata): string | undefined {
  for (const [key, name] of comparedMetadata) {
    const [known, value] = [record[key], metadata[key]];
    if (value === undefined || value === "" || known === undefined || value === known) continue;
    return `the upload was started with the ${name} ${JSON.stringify(known)}, not ${JSON.stringify(value)}`;
  }
  return undefined;
}

const comparedMetadata = [
  ["fileName", "file name"],
  ["productId", "product"],
  ["size", "size"],
  ["sha256", "SHA-256"],
] as const;

/** Resolves to the result of a promise, or to undefined after `millis` milliseconds. Rejects as the promise does. */
async function resultWithin<T>(timers: Timers, millis: number, result: Promise<T>): Promise<T | undefined> {
  const timeout = Promise.withResolvers<undefined>();
  const cancel = timers.after(millis, () => timeout.resolve(undefined));
  try {
    return await Promise.race([result, timeout.promise]);
  } finally {
    cancel();
  }
}
