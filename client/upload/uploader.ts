import {
  type Upload,
  type UploadLimits,
  type UploadState,
  UploadStateSchema,
} from "../../gen/bourse/upload/v1/upload_pb.ts";
import type { Timers } from "../shared/timers.ts";
import type { ChunkSize } from "./chunk-size.ts";
import type { Crc32c } from "./crc32c.ts";
import type { UploadClient } from "./upload-file.ts";
import type { UploadMemo } from "./upload-memo.ts";
import { FileChangedError, type UploadSource } from "./upload-source.ts";

/** What a door needs for one attempt. */
export interface UploadAttempt {
  readonly client: UploadClient;
  readonly source: UploadSource;
  readonly memo: UploadMemo;
  readonly limits: UploadLimits;
  readonly chunkSize: ChunkSize;
  readonly chunksInFlight: number;
  readonly crc32c: Crc32c;
  readonly timers: Timers;
  /** Ends the attempt. */
  readonly signal: AbortSignal;
  /** The SHA-256 of the whole file, once it is counted. */
  readonly sha256: Promise<Uint8Array>;
  /** The server has told how much is committed. Throws {@link TakenOverError} where it is more than was sent. */
  committed(offset: bigint): number;
  /** Bytes are sent from here on, up to a place. */
  sending(to: number): void;
  /** All bytes are committed. */
  verifying(): void;
}

/** A way to the server. */
export interface Uploader {
  /**
   * Brings there what is missing of the file, and finishes. Resolves to the complete upload; rejects with what broke it,
   * after which another attempt may follow.
   */
  attempt(attempt: UploadAttempt): Promise<Upload>;
  /** The next attempt may take the upload from whoever writes it now. */
  takeOver(): void;
}

/** Somebody else has written to the upload. */
export class TakenOverError extends Error {
  constructor() {
    super("another writer has gone on with the upload");
    this.name = "TakenOverError";
  }
}

/** The message of an answer that must have one. */
export function reportedState(upload: Upload | undefined): Upload {
  if (upload === undefined) throw new Error("the server has answered without an upload");
  return upload;
}

/** The SHA-256 of the whole file, once all of it was sent. Throws a {@link FileChangedError} where it changed meanwhile. */
export async function computeDigest({ source, sha256, signal }: UploadAttempt): Promise<Uint8Array> {
  const digest = await orAborted(sha256, signal);
  if (await (source.isUnchanged?.() ?? true)) return digest;
  throw new FileChangedError("it was written to while it was sent");
}

/** The name of a state, for a sentence. */
export function formatState(state: UploadState): string {
  return UploadStateSchema.value[state]?.localName ?? String(state);
}

function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const give = () => aborted.reject(signal.reason);
  if (signal.aborted) give();
  signal.addEventListener("abort", give);
  return Promise.race([promise, aborted.promise]).finally(() => signal.removeEventListener("abort", give));
}
