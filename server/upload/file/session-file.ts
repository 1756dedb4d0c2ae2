import type { Timers } from "../../../client/shared/timers.ts";
import type { UploadEvent } from "../session/upload-state-machine.ts";
import type { UploadRecord } from "../store/upload-record.ts";
import type { DiskFile } from "./disk-operations.ts";
import { DurableAppend, type FlushMode } from "./durable-append.ts";
import { completeFolder, type FolderDependencies, openFolder, pathOf, reconcileFile } from "./file-lifecycle.ts";

/**
 * How many bytes are written before the hasher gets a message, if no sync starts earlier: a message to its thread costs
 * as much as hashing 100 KiB.
 */
const hashStepBytes = 2 * 1024 * 1024;

export interface SessionFileDependencies extends FolderDependencies {
  /**
   * Records a committed offset durably. Resolves to the update time of the row, in microseconds since 1970.
   * Offsets of several uploads share a transaction.
   */
  readonly commitOffset: (id: string, committed: number) => Promise<number>;
  readonly timers: Timers;
}

/** The session that a file belongs to. */
export interface SessionFileOwner {
  /** Returns the row with the current committed offset. */
  readonly currentRecord: () => UploadRecord;
  readonly apply: (event: UploadEvent) => void;
  /** Is called when the file has lost committed bytes. Resolves to the error for the callers. */
  readonly onDamaged: () => Promise<Error>;
  /** Is called with the update time of the row after each commit, in microseconds since 1970. */
  readonly onRowUpdated: (micros: number) => void;
}

/** The file of an upload. It is opened on first use, and again on the next use after it was closed. */
export class SessionFile {
  readonly #dependencies: SessionFileDependencies;
  readonly #owner: SessionFileOwner;
  #file: Promise<DiskFile> | undefined;
  #append: DurableAppend | undefined;
  #writeError: unknown;

  constructor(dependencies: SessionFileDependencies, owner: SessionFileOwner) {
    this.#dependencies = dependencies;
    this.#owner = owner;
  }

  /** Whether the file is open to write. `append` requires it. */
  get isWritable(): boolean {
    return this.#append !== undefined;
  }

  /** The error of the last write that dropped bytes, until the next append. */
  get writeError(): unknown {
    return this.#writeError;
  }

  /** Opens the file if it is closed: to read if the upload is complete, otherwise to read and write. */
  async open(): Promise<DiskFile> {
    this.#file ??= this.#open();
    try {
      return await this.#file;
    } catch (error) {
      this.#file = undefined;
      throw error;
    }
  }

  /** Appends bytes, which must not change afterwards. */
  append(data: Uint8Array): void {
    this.#writeError = undefined;
    this.#append?.append(data);
  }

  /** Resolves when more bytes may be appended. */
  async waitForCapacity(): Promise<void> {
    await this.#append?.waitForCapacity();
  }

  /** Resolves when all bytes before `upTo` are committed. */
  async commit(upTo: number, mode: FlushMode): Promise<void> {
    await this.#append?.commit(upTo, mode);
  }

  /** Starts to commit all appended bytes. */
  startCommit(): void {
    this.#append?.startCommit();
  }

  /** Resolves when no write and no sync is in progress. */
  async waitUntilIdle(): Promise<void> {
    while (this.#append?.isIdle === false) await this.#append.waitUntilIdle();
  }

  /** Closes the file after its writes and syncs. */
  async close(): Promise<void> {
    await this.waitUntilIdle();
    const file = this.#file;
    this.#file = undefined;
    this.#append = undefined;
    await (await file?.catch(() => undefined))?.[Symbol.asyncDispose]();
  }

  async #open(): Promise<DiskFile> {
    const { disk } = this.#dependencies;
    const record = this.#owner.currentRecord();
    const { id, phase, committed } = record;
    if (phase === "complete") return disk.open(pathOf(id, completeFolder), "read");
    if ((await reconcileFile(record, this.#dependencies)) === "damaged") throw await this.#owner.onDamaged();
    const file = await disk.open(pathOf(id, openFolder), "write");
    // The bytes that were not committed before the file was closed have been cut off.
    this.#owner.apply({ kind: "dropped", received: committed });
    this.#append = this.#createAppend(file, record);
    return file;
  }

  #createAppend(file: DiskFile, { id, committed }: UploadRecord): DurableAppend {
    const { commitOffset, hasher, health, timers } = this.#dependencies;
    const path = pathOf(id, openFolder);
    let hashEnd = committed;
    const advanceHash = (offset: number) => {
      hashEnd = offset;
      hasher.advance(id, path, offset);
    };
    return new DurableAppend({
      file,
      timers,
      start: committed,
      commit: async (offset) => this.#owner.onRowUpdated(await commitOffset(id, offset)),
      onWritten: (offset) => {
        if (offset - hashEnd >= hashStepBytes) advanceHash(offset);
      },
      onSyncStarted: (offset) => {
        if (offset > hashEnd) advanceHash(offset);
      },
      onCommitted: (offset) => this.#owner.apply({ kind: "committed", offset }),
      onDropped: (received, error) => {
        this.#writeError = error;
        this.#owner.apply({ kind: "dropped", received });
      },
      onSyncFailed: (error) => health.fail(error),
    });
  }
}
