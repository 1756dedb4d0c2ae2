import { StoreReadOnlyError } from "../../storage/storage-errors.ts";
import type { StoreHealth } from "../../storage/store-health.ts";
import type { UploadRecord, UploadView } from "../store/upload-record.ts";
import type { UploadStore } from "../store/upload-store.ts";
import { diskError, readOnlyError, type UploadError, uploadError } from "../upload-errors.ts";
import {
  decide,
  type EventOf,
  type MachineLimits,
  type Outcome,
  type ProblemReason,
  type Refuse,
  type UploadEvent,
  type UploadState,
} from "./upload-state-machine.ts";

export interface TrackerDependencies {
  readonly store: UploadStore;
  readonly health: StoreHealth;
  readonly limits: MachineLimits;
  /** Microseconds since 1970. */
  readonly nowMicros: () => number;
}

/**
 * Tracks the state of one upload and its row. The state is ahead of the row by the bytes that are received and not
 * committed, and by the phase `verifying`. Makes the errors of the upload, which carry the status.
 */
export class UploadStateTracker {
  readonly #dependencies: TrackerDependencies;
  #record: UploadRecord;
  #state: UploadState;

  constructor(record: UploadRecord, dependencies: TrackerDependencies) {
    this.#dependencies = dependencies;
    this.#record = record;
    const { phase, committed, generation, size, sha256 } = record;
    this.#state = { phase, received: committed, committed, generation, size, sha256 };
  }

  /** The newest row known to be in the database, except that its offset may be older. */
  get record(): UploadRecord {
    return this.#record;
  }

  get state(): UploadState {
    return this.#state;
  }

  get view(): UploadView {
    const { phase, committed, generation } = this.#state;
    return { ...this.#record, phase, committed, generation };
  }

  /** Returns the outcome of an event and changes nothing. */
  decide<K extends UploadEvent["kind"]>(event: EventOf<K>): Outcome<K> {
    return decide<K>(this.#state, event, this.#dependencies.limits);
  }

  /**
   * Decides, and enters the next state unless the outcome needs work first: after `acquire`, `append` and `publish` the
   * caller calls {@link enter}. Throws an UploadError if the outcome is a refusal.
   */
  apply(event: UploadEvent): Exclude<Outcome, Refuse> {
    const outcome: Outcome = this.decide(event);
    switch (outcome.kind) {
      case "refuse":
        throw this.refusal(outcome);
      case "update":
      case "verify":
      case "discard":
      case "markDamaged":
        this.#state = outcome.next;
        return outcome;
      case "none":
      case "acquire":
      case "append":
      case "compare":
      case "wait":
      case "publish":
      case "truncate":
        return outcome;
    }
  }

  /** Enters the next state of an outcome after its work is done. */
  enter(next: UploadState): void {
    this.#state = next;
  }

  /** Replaces the row by one that was saved elsewhere. */
  setRecord(record: UploadRecord): void {
    this.#record = record;
  }

  /** Saves the row with a change, the current committed offset and the current time. */
  async save(change: Partial<UploadRecord>): Promise<void> {
    this.assertWritable();
    const { committed } = this.#state;
    const record = { ...this.#record, committed, ...change, updateMicros: this.#dependencies.nowMicros() };
    try {
      await this.#dependencies.store.update(record);
    } catch (error) {
      // A StoreFullError is not converted, because the caller can free disk space and retry.
      throw error instanceof StoreReadOnlyError ? this.diskError(error) : error;
    }
    this.#record = record;
  }

  /** Throws an UploadError if the store is read-only. */
  assertWritable(): void {
    if (this.#dependencies.health.isReadOnly) throw readOnlyError(this.#record.id, this.#state);
  }

  error(reason: ProblemReason, message: string): UploadError {
    return uploadError(this.#record.id, this.#state, reason, message);
  }

  refusal({ reason, message }: Refuse): UploadError {
    return this.error(reason, message);
  }

  /** The error for callers whose upload has ended during their call. */
  endedError(): UploadError {
    return this.error("STATE", `the upload is ${this.#state.phase}`);
  }

  /** Returns the UploadError for an error of the disk or the database, and any other error unchanged. */
  diskError(error: unknown): unknown {
    return diskError(this.#record.id, this.#state, error, this.#dependencies.health);
  }
}
