import type { Client } from "@connectrpc/connect";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  type Upload,
  type UploadLimits,
  UploadState,
  UploadStateSchema,
} from "../../gen/bourse/upload/v1/upload_pb.ts";
import type { UploadService } from "../../gen/bourse/upload/v1/upload_service_pb.ts";
import { withResponseTimeout } from "../shared/call-timeouts.ts";
import type { Timers } from "../shared/timers.ts";
import type { AdaptiveChunkSize } from "./adaptive-chunk-size.ts";
import type { Crc32c } from "./checksums.ts";
import type { UploadMemo } from "./upload-memo.ts";
import { FileChangedError, type UploadSource } from "./upload-source.ts";

/** The RPCs that an upload uses. */
export type UploadClient = Pick<
  Client<typeof UploadService>,
  "upload" | "startUpload" | "uploadChunk" | "getUpload" | "finishUpload" | "abortUpload" | "getUploadLimits"
>;

/** An upload method. */
export interface UploadMethod {
  /**
   * Sends the rest of the file, and finishes the upload. Resolves to the complete upload. Rejects with the reason of a
   * failure; another attempt may follow.
   */
  attempt(attempt: UploadAttempt): Promise<Upload>;
  /** Allows the next attempt to take the upload over from another client that writes it. */
  takeOver(): void;
}

/** The dependencies and the callbacks of one attempt of an upload method. */
export interface UploadAttempt {
  readonly client: UploadClient;
  readonly source: UploadSource;
  readonly memo: UploadMemo;
  readonly limits: UploadLimits;
  readonly chunkSize: AdaptiveChunkSize;
  readonly chunksInFlight: number;
  readonly crc32c: Crc32c;
  readonly timers: Timers;
  /** Ends the attempt. */
  readonly signal: AbortSignal;
  /** The SHA-256 of the whole file, as soon as it is computed. */
  readonly sha256: Promise<Uint8Array>;
  /**
   * Records the offset that the server has committed, and returns it. Throws {@link TakenOverError} if the offset is
   * beyond everything that this client has sent.
   */
  onCommitted(offset: bigint): number;
  /** Called before bytes up to an offset are sent. */
  onSending(end: number): void;
  /** Called when all bytes were sent. */
  onVerifying(): void;
}

/** The server has committed more than this client has sent: another client writes the upload. */
export class TakenOverError extends Error {
  constructor() {
    super("another client has taken the upload over");
    this.name = "TakenOverError";
  }
}

/** Fetches the upload from the server. */
export async function fetchUpload(attempt: UploadAttempt): Promise<Upload> {
  const { client, memo } = attempt;
  const { upload } = await withResponseTimeout(attempt, (signal) =>
    client.getUpload({ uploadId: memo.uploadId }, { signal }),
  );
  return requireUpload(upload);
}

/** The upload of a response that must have one. */
export function requireUpload(upload: Upload | undefined): Upload {
  if (upload === undefined) throw new Error("the response of the server has no upload");
  return upload;
}

/** The upload of a response that must have a complete one. Throws UNAVAILABLE if it is not complete. */
export function checkComplete(response: Upload | undefined): Upload {
  const upload = requireUpload(response);
  if (upload.state === UploadState.COMPLETE) return upload;
  const state = UploadStateSchema.value[upload.state]?.localName ?? upload.state;
  throw new ConnectError(`the server has not completed the upload: its state is ${state}`, Code.Unavailable);
}

/**
 * The SHA-256 of the whole file, after all of it was sent. Throws a {@link FileChangedError} if the file has changed in
 * the meantime.
 */
export async function finalDigest({ source, sha256, signal }: UploadAttempt): Promise<Uint8Array> {
  const digest = await abortable(sha256, signal);
  if (await (source.isUnchanged?.() ?? true)) return digest;
  throw new FileChangedError("it was written to during the upload");
}

function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort);
  return Promise.race([promise, aborted.promise]).finally(() => signal.removeEventListener("abort", onAbort));
}
