import { completeFolder, openFolder, pathOf, type UploadDependencies } from "../session/upload-dependencies.ts";
import type { UploadEvent } from "../session/upload-events.ts";
import type { UploadRecord } from "../store/upload-record.ts";
import type { DiskFile } from "./disk.ts";
import { DurableAppend, type FlushMode } from "./durable-append.ts";
import { reconcileFile } from "./reconcile-file.ts";

/**
 * How much is written before the hasher is told, where no sync comes before: a message to its thread costs as much as
 * 100 KiB of hashing.
 */
const hashStepBytes = 2 * 1024 * 1024;

/** The session that a file belongs to. */
export interface UploadFileOwner {
  /** How the upload stands, as it would be stored now. */
  readonly current: () => UploadRecord;
  readonly happens: (event: UploadEvent) => void;
  /** The file has less than was committed. Resolves to what its callers are told. */
  readonly onDamaged: () => Promise<Error>;
  /** More was committed, at a time in microseconds since 1970. */
  readonly onUpdate: (micros: number) => void;
}

/** An upload's file, which is opened when it is needed, and can be closed whenever nothing is under way in it. */
export class UploadFile {
  readonly #parts: UploadDependencies;
  readonly #owner: UploadFileOwner;
  #file: Promise<DiskFile> | undefined;
  #append: DurableAppend | undefined;
  #lost: unknown;

  constructor(parts: UploadDependencies, owner: UploadFileOwner) {
    this.#parts = parts;
    this.#owner = owner;
  }

  /** Whether it is open to write: `take` needs that. */
  get isWritable(): boolean {
    return this.#append !== undefined;
  }

  /** Why bytes could not be written, until others were taken after that. */
  get lost(): unknown {
    return this.#lost;
  }

  get uncommittedBytes(): number {
    return this.#append?.uncommittedBytes ?? 0;
  }

  /** The file, open to read, and to write where the upload is not complete. */
  async opened(): Promise<DiskFile> {
    this.#file ??= this.#open();
    try {
      return await this.#file;
    } catch (error) {
      this.#file = undefined;
      throw error;
    }
  }

  /** Appends bytes, which must not change from now on. */
  take(data: Uint8Array): void {
    this.#lost = undefined;
    this.#append?.append(data);
  }

  /** Resolves when more may be taken. */
  async room(): Promise<void> {
    await this.#append?.room();
  }

  /** Resolves when all before `upTo` is committed. */
  async commit(upTo: number, haste: FlushMode): Promise<void> {
    await this.#append?.commit(upTo, haste);
  }

  commitSoon(): void {
    this.#append?.commitSoon();
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#append?.isIdle === false) await this.#append.idle();
  }

  /** Closes it when nothing is under way. What comes after that opens it again. */
  async close(): Promise<void> {
    await this.idle();
    const file = this.#file;
    this.#file = undefined;
    this.#append = undefined;
    await (await file?.catch(() => undefined))?.[Symbol.asyncDispose]();
  }

  async #open(): Promise<DiskFile> {
    const { disk, commits, hasher, health, timers } = this.#parts;
    const record = this.#owner.current();
    const { id, phase, committed } = record;
    if (phase === "complete") return disk.open(pathOf(id, completeFolder), "read");
    if ((await reconcileFile(record, this.#parts)) === "damaged") throw await this.#owner.onDamaged();
    const path = pathOf(id, openFolder);
    const file = await disk.open(path, "write");
    this.#owner.happens({ kind: "lost", received: committed }); // What an earlier opening could not commit was cut off.
    let told = committed;
    const tellHasher = (offset: number) => {
      told = offset;
      hasher.advance(id, path, offset);
    };
    this.#append = new DurableAppend({
      file,
      timers,
      start: committed,
      commit: async (offset) => this.#owner.onUpdate(await commits.commit(id, offset)),
      onWritten: (offset) => {
        if (offset - told >= hashStepBytes) tellHasher(offset);
      },
      onSyncBegun: (offset) => {
        if (offset > told) tellHasher(offset);
      },
      onCommitted: (offset) => this.#owner.happens({ kind: "committed", offset }),
      onLost: (received, error) => {
        this.#lost = error;
        this.#owner.happens({ kind: "lost", received });
      },
      onDiskFailure: (error) => health.fail(error),
    });
    return file;
  }
}
