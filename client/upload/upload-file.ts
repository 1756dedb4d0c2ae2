import { Code, ConnectError } from "@connectrpc/connect";
import type { Upload, UploadLimits } from "../../gen/bourse/upload/v1/upload_pb.ts";
import { CallRetryTracker } from "../shared/call-retry-tracker.ts";
import { withResponseTimeout } from "../shared/call-timeouts.ts";
import { Condition } from "../shared/condition-variable.ts";
import { isRetryable } from "../shared/retry-policy.ts";
import { systemTimers, type Timers } from "../shared/timers.ts";
import { AdaptiveChunkSize } from "./adaptive-chunk-size.ts";
import { type Crc32c, type FileHash, hashInSlices, newCrc32c } from "./checksums.ts";
import { ChunkedUploadMethod } from "./chunked-upload-method.ts";
import type { FileUploadState, UploadProgress } from "./file-upload-state.ts";
import { StreamingUploadMethod } from "./streaming-upload-method.ts";
import { TransferRate } from "./transfer-rate.ts";
import { problemOf, remedyOf, UploadFailedError } from "./upload-error-remedy.ts";
import { checkSameFile, newMemo, type UploadMemo } from "./upload-memo.ts";
import { TakenOverError, type UploadClient, type UploadMethod } from "./upload-method.ts";
import { FileChangedError, type UploadSource } from "./upload-source.ts";

/** The memo, the method, the callbacks and the hashes of an upload. */
export interface UploadFileOptions {
  /** Resumes this upload. Default: a new upload. */
  readonly memo?: UploadMemo;
  /** The product that the file of a new upload belongs to. Default: none. */
  readonly productId?: string;
  /**
   * The upload method. `chunked` makes a unary call for each chunk, and works with any client. `streaming` makes one
   * client-streaming call, and needs HTTP/2 in Node. One method can resume an upload of the other. Default: `chunked`.
   */
  readonly method?: "chunked" | "streaming";
  /** The maximum number of chunks in flight, 1 or 2. Default: 2. The limit of the server applies too. */
  readonly chunksInFlight?: 1 | 2;
  /** Closes the upload, as `close` does. */
  readonly signal?: AbortSignal;
  /** Receives each state when it changes. */
  readonly onState?: (state: FileUploadState) => void;
  /** Receives the progress when the committed offset grows. */
  readonly onProgress?: (progress: UploadProgress) => void;
  /**
   * Computes the SHA-256 of the file. Default: in slices on this thread, in WebAssembly. The security policy of a page
   * must allow that (`wasm-unsafe-eval`).
   */
  readonly hash?: FileHash;
  /** Computes the checksum of a chunk. Default: in WebAssembly. */
  readonly crc32c?: Crc32c;
  /** Default: the timers of the platform. */
  readonly timers?: Timers;
  /** Numbers from 0 to below 1. Default: Math.random. */
  readonly random?: () => number;
  /** Makes a random UUID. Default: the platform's. */
  readonly newId?: () => string;
}

/** An upload of a file. */
export interface FileUpload {
  /** The data that a client must store to resume the upload later. Available at once. */
  readonly memo: UploadMemo;
  readonly state: FileUploadState;
  readonly progress: UploadProgress;
  /**
   * Resolves when the server has the whole file and its hash is equal. Rejects with an {@link UploadFailedError} if that
   * is not possible, and with CANCELED after `close` and `cancel`.
   */
  readonly done: Promise<Upload>;
  /** Stops sending until `resume`. Bytes that are not committed will be sent again. */
  pause(): void;
  resume(): void;
  /** Ends the current wait for the next attempt, if there is one. */
  retry(): void;
  /** Takes the upload over from another client, in the state `taken-over`. */
  takeOver(): void;
  /** Stops the upload. It can be resumed later with its memo. */
  close(): void;
  /** Stops the upload, and deletes it on the server. Rejects if the server cannot be reached. */
  cancel(): Promise<void>;
}

/**
 * Uploads a file, and reconnects as often as necessary: after a failure it fetches the committed offset, and resumes
 * there, after an exponential back-off. Each chunk has a checksum. At the end the SHA-256 of the whole file is compared,
 * however often the upload was interrupted. Holds at most two chunks in memory. Runs in browsers and in Node, on any
 * Connect transport.
 *
 * Starts at once. Throws a {@link FileChangedError} if the memo belongs to another file.
 */
export function uploadFile(client: UploadClient, source: UploadSource, options: UploadFileOptions = {}): FileUpload {
  const { memo, productId = "", newId = () => crypto.randomUUID() } = options;
  if (memo !== undefined) checkSameFile(memo, source);
  return new ResumableUpload(client, source, memo ?? newMemo(source, productId, newId), options);
}

/** How often the deletion of a cancelled upload is tried. An upload that is not deleted expires. */
const maxCancelAttempts = 5;

/** Why an attempt ends without a failure: `pause` was called, or another client has taken the upload over. */
const stopped = new ConnectError("the upload is stopped", Code.Canceled);

/** A {@link FileUpload} that makes one attempt after the other. */
class ResumableUpload implements FileUpload {
  readonly memo: UploadMemo;
  readonly done: Promise<Upload>;
  readonly #client: UploadClient;
  readonly #source: UploadSource;
  readonly #options: UploadFileOptions;
  readonly #timers: Timers;
  readonly #random: () => number;
  readonly #method: UploadMethod;
  readonly #call: CallRetryTracker<"sending">;
  readonly #end = new AbortController();
  readonly #rate = new TransferRate();
  readonly #sha256: Promise<Uint8Array>;
  #attempt = new AbortController();
  #state: FileUploadState = { kind: "connecting" };
  /** The state that the caller, or a takeover by another client, demands. */
  #desiredState: "running" | "paused" | "taken-over" = "running";
  readonly #desiredStateChanged = new Condition();
  #committed = 0;
  /** The end of the bytes that this client has sent, or that were committed when it started. */
  #knownEnd: number | undefined;
  #limits: UploadLimits | undefined;
  #crc32c: Crc32c | undefined;
  #chunkSize: AdaptiveChunkSize | undefined;

  constructor(client: UploadClient, source: UploadSource, memo: UploadMemo, options: UploadFileOptions) {
    this.#client = client;
    this.#source = source;
    this.memo = memo;
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
    this.#random = options.random ?? Math.random;
    this.#crc32c = options.crc32c;
    this.#method = options.method === "streaming" ? new StreamingUploadMethod() : new ChunkedUploadMethod();
    this.#call = new CallRetryTracker({
      signal: this.#end.signal,
      timers: this.#timers,
      random: this.#random,
      retry: () => true, // the remedy of the failure decides
      onState: (state) => this.#setState(state),
    });
    if (options.signal?.aborted) this.close();
    else options.signal?.addEventListener("abort", this.close, { signal: this.#end.signal });
    this.#sha256 = (options.hash ?? hashInSlices())(source, this.#end.signal);
    this.#sha256.catch(() => {}); // each attempt handles a failure
    this.done = this.#run();
    this.done.catch(() => {}); // a caller may observe the state instead
  }

  get state(): FileUploadState {
    return this.#state;
  }

  get progress(): UploadProgress {
    const { size } = this.memo;
    const bytesPerSecond = this.#rate.perSecond(this.#timers.now());
    const remainingMs = bytesPerSecond > 0 ? ((size - this.#committed) / bytesPerSecond) * 1000 : undefined;
    return { committedBytes: this.#committed, size, bytesPerSecond, remainingMs };
  }

  pause(): void {
    if (this.#desiredState === "running") this.#stop("paused");
  }

  resume(): void {
    if (this.#desiredState === "paused") this.#restart();
  }

  takeOver(): void {
    if (this.#desiredState !== "taken-over") return;
    this.#method.takeOver();
    this.#knownEnd = undefined;
    this.#restart();
  }

  retry(): void {
    this.#call.retryNow();
  }

  readonly close = (): void => {
    this.#end.abort(new ConnectError("the upload was closed", Code.Canceled));
    this.#desiredStateChanged.notifyAll();
  };

  async cancel(): Promise<void> {
    this.close();
    await this.done.catch(() => {});
    const context = { timers: this.#timers, signal: new AbortController().signal };
    const retry = (reason: ConnectError, failures: number) => isRetryable(reason) && failures < maxCancelAttempts;
    const call = new CallRetryTracker({ timers: this.#timers, random: this.#random, retry });
    for (;;) {
      try {
        const request = { uploadId: this.memo.uploadId };
        await withResponseTimeout(context, (signal) => this.#client.abortUpload(request, { signal }));
        return;
      } catch (reason) {
        const error = ConnectError.from(reason);
        if (error.code === Code.NotFound) return; // the upload never started, or is deleted already
        await call.waitToRetry(error);
      }
    }
  }

  async #run(): Promise<Upload> {
    const { signal } = this.#end;
    try {
      await Promise.resolve(); // the caller must get the upload before its first event
      for (;;) {
        await this.#waitUntilRunning();
        try {
          const upload = await this.#tryUpload();
          this.#advance(this.memo.size);
          this.#setState({ kind: "complete", upload });
          return upload;
        } catch (reason) {
          if (!signal.aborted && reason !== stopped) await this.#handleFailure(reason);
        }
      }
    } catch (reason) {
      if (signal.aborted) this.#setState({ kind: "closed" });
      else if (reason instanceof UploadFailedError) this.#setState({ kind: "failed", error: reason });
      throw signal.aborted ? signal.reason : reason;
    } finally {
      this.#end.abort(new ConnectError("the upload has ended", Code.Canceled)); // stops the hash
    }
  }

  async #tryUpload(): Promise<Upload> {
    const attempt = new AbortController();
    this.#attempt = attempt;
    this.#sha256.catch((reason: unknown) => attempt.abort(toReadError(reason)));
    const signal = AbortSignal.any([this.#end.signal, attempt.signal]);
    this.#call.begin();
    this.#crc32c ??= await newCrc32c().catch((reason: unknown) => {
      throw new UploadFailedError("refused", reason); // WebAssembly is not available
    });
    this.#limits ??= await this.#fetchLimits(signal);
    this.#chunkSize ??= new AdaptiveChunkSize(this.#limits.maxChunkBytes);
    try {
      return await this.#method.attempt({
        client: this.#client,
        source: this.#source,
        memo: this.memo,
        limits: this.#limits,
        chunkSize: this.#chunkSize,
        chunksInFlight: Math.max(1, Math.min(this.#options.chunksInFlight ?? 2, this.#limits.maxChunksInFlight)),
        crc32c: this.#crc32c,
        timers: this.#timers,
        signal,
        sha256: this.#sha256,
        onCommitted: (offset) => this.#onCommitted(Number(offset)),
        onSending: (end) => this.#onSending(end),
        onVerifying: () => this.#setState({ kind: "verifying" }),
      });
    } catch (reason) {
      throw attempt.signal.aborted ? attempt.signal.reason : reason;
    } finally {
      attempt.abort();
    }
  }

  async #fetchLimits(signal: AbortSignal): Promise<UploadLimits> {
    const { limits } = await withResponseTimeout({ timers: this.#timers, signal }, (callSignal) =>
      this.#client.getUploadLimits({}, { signal: callSignal }),
    );
    if (limits === undefined) throw new ConnectError("the response of the server has no limits", Code.Internal);
    return limits;
  }

  #onCommitted(offset: number): number {
    if (this.#knownEnd === undefined) {
      this.#knownEnd = offset;
      this.#rate.restart(this.#timers.now(), offset);
    } else if (offset > this.#knownEnd) throw new TakenOverError();
    if (offset > this.#committed) this.#call.succeed();
    this.#advance(offset);
    return offset;
  }

  #onSending(end: number): void {
    this.#knownEnd = Math.max(this.#knownEnd ?? 0, end);
    if (this.#state.kind === "connecting") this.#setState({ kind: "sending" });
  }

  #advance(offset: number): void {
    if (offset <= this.#committed) return;
    this.#committed = offset;
    this.#rate.add(this.#timers.now(), offset);
    this.#options.onProgress?.(this.progress);
  }

  /** Applies the remedy of a failure: waits before a retry, stops the upload, or throws {@link UploadFailedError}. */
  async #handleFailure(reason: unknown): Promise<void> {
    if (reason instanceof UploadFailedError) throw reason;
    const remedy = reason instanceof TakenOverError ? "yield" : remedyOf(reason);
    switch (remedy) {
      case "yield":
        this.#stop("taken-over");
        return;
      case "retry":
      case "finish":
        if (problemOf(reason) === undefined) this.#chunkSize?.fail();
        await this.#call.waitToRetry(ConnectError.from(reason));
        return;
      case "file-changed":
      case "gone":
      case "refused":
        throw new UploadFailedError(remedy, reason);
    }
  }

  /** Resolves if the upload is to run. Throws when the upload ends. */
  async #waitUntilRunning(): Promise<void> {
    const { signal } = this.#end;
    while (!signal.aborted && this.#desiredState !== "running") {
      if (this.#state.kind !== this.#desiredState) {
        this.#setState({ kind: this.#desiredState });
        continue; // the callback may have resumed or closed the upload
      }
      await this.#desiredStateChanged.wait();
      this.#rate.restart(this.#timers.now(), this.#committed);
    }
    signal.throwIfAborted();
  }

  #stop(state: "paused" | "taken-over"): void {
    this.#desiredState = state;
    this.#attempt.abort(stopped);
    this.#desiredStateChanged.notifyAll();
    this.#call.retryNow();
  }

  #restart(): void {
    this.#desiredState = "running";
    this.#call.succeed();
    this.#desiredStateChanged.notifyAll();
  }

  #setState(state: FileUploadState): void {
    this.#state = state;
    this.#options.onState?.(state);
  }
}

/** A file that cannot be read cannot be uploaded: a retry would not help. */
function toReadError(reason: unknown): Error {
  return reason instanceof FileChangedError ? reason : new UploadFailedError("refused", reason);
}
