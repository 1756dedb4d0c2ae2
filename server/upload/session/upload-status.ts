import { StoreReadOnlyError } from "../../storage/storage-errors.ts";
import type { UploadRecord } from "../store/upload-record.ts";
import { diskError, readOnlyError, type UploadError, uploadError } from "../upload-errors.ts";
import type { UploadDependencies, UploadView } from "./upload-dependencies.ts";
import type { Outcome, Problem, Progress, UploadEvent } from "./upload-events.ts";
import { decide } from "./upload-machine.ts";

/** How one upload stands: its row, how far it has come beyond that, and what is refused in that state. */
export class UploadStatus {
  readonly #parts: UploadDependencies;
  #record: UploadRecord;
  #progress: Progress;

  constructor(record: UploadRecord, parts: UploadDependencies) {
    this.#parts = parts;
    this.#record = record;
    const { phase, committed, generation, size, sha256 } = record;
    this.#progress = { phase, received: committed, committed, generation, size, sha256 };
  }

  get record(): UploadRecord {
    return this.#record;
  }

  get progress(): Progress {
    return this.#progress;
  }

  get view(): UploadView {
    const { phase, committed, generation } = this.#progress;
    return { ...this.#record, phase, committed, generation };
  }

  /** What follows an event, which is yet to be done. */
  decide(event: UploadEvent): Outcome {
    return decide(this.#progress, event, this.#parts.limits);
  }

  /** Decides, and takes up what follows where it needs nothing else to be done first. Throws what is refused. */
  accept(event: UploadEvent): Outcome {
    const outcome = this.decide(event);
    if (outcome.kind === "refuse") throw this.refusal(outcome);
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

  /** Takes up what followed an event, now that it is done. */
  move(next: Progress): void {
    this.#progress = next;
  }

  /** The row is known to be this one. */
  know(record: UploadRecord): void {
    this.#record = record;
  }

  /** Writes the row, with what is committed by now. */
  async store(change: Partial<UploadRecord>): Promise<void> {
    this.assertWritable();
    const { committed } = this.#progress;
    const record = { ...this.#record, committed, ...change, updateMicros: this.#parts.nowMicros() };
    try {
      await this.#parts.store.update(record);
    } catch (error) {
      // Where the store is full, the caller may make room.
      throw error instanceof StoreReadOnlyError ? this.diskError(error) : error;
    }
    this.#record = record;
  }

  /** Throws where nothing can be written any more. */
  assertWritable(): void {
    if (this.#parts.health.isReadOnly) throw readOnlyError(this.#record.id, this.#progress);
  }

  error(problem: Problem, message: string): UploadError {
    return uploadError(this.#record.id, this.#progress, problem, message);
  }

  refusal({ problem, message }: Outcome & { kind: "refuse" }): UploadError {
    return this.error(problem, message);
  }

  /** What those are told who have to do with an upload that is over. */
  gone(): UploadError {
    return this.error("STATE", `the upload is ${this.#progress.phase}`);
  }

  /** The error for the client if it is one of the disk or of the database; any other error unchanged. */
  diskError(error: unknown): unknown {
    return diskError(this.#record.id, this.#progress, error, this.#parts.health);
  }
}
