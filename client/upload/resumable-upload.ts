import { Code, ConnectError } from "@connectrpc/connect";
import type { Upload, UploadLimits } from "../../gen/bourse/upload/v1/upload_pb.ts";
import { withResponseTimeout } from "../shared/response-timeout.ts";
import { backOffMs, isRetryable } from "../shared/retry-policy.ts";
import { delay, systemTimers, type Timers } from "../shared/timers.ts";
import { ChunkSize } from "./chunk-size.ts";
import { ChunkedUploader } from "./chunked-uploader.ts";
import { type Crc32c, newCrc32c } from "./crc32c.ts";
import { hashInSlices } from "./file-hash.ts";
import { StreamingUploader } from "./streaming-uploader.ts";
import { TransferRate } from "./transfer-rate.ts";
import type { FileUpload, UploadClient, UploadFileOptions } from "./upload-file.ts";
import type { UploadMemo } from "./upload-memo.ts";
import { problemOf, remedyOf, UploadFailedError } from "./upload-problem.ts";
import { FileChangedError, type UploadSource } from "./upload-source.ts";
import type { FileUploadState, UploadProgress } from "./upload-state.ts";
import { TakenOverError, type Uploader } from "./uploader.ts";

/** How often the server is told of a cancelled upload before that is given up: it expires by itself. */
const maxCancelAttempts = 5;

/** What is done with the upload: `run` it, or stand still until told otherwise. */
type Wish = "run" | "pause" | "yield";

/** Why an attempt ends that is to stand still. */
const stood = new ConnectError("the upload stands still", Code.Canceled);

/** {@link FileUpload} over one attempt after the other. */
export class ResumableUpload implements FileUpload {
  readonly memo: UploadMemo;
  readonly done: Promise<Upload>;
  readonly #client: UploadClient;
  readonly #source: UploadSource;
  readonly #options: UploadFileOptions;
  readonly #timers: Timers;
  readonly #random: () => number;
  readonly #door: Uploader;
  readonly #end = new AbortController();
  readonly #rate = new TransferRate();
  readonly #sha256: Promise<Uint8Array>;
  #attempt = new AbortController();
  #state: FileUploadState = { kind: "connecting" };
  #wish: Wish = "run";
  #wake: () => void = () => {};
  #failures = 0;
  #committed = 0;
  /** The end of what this client has sent or was told when it began. More than that somebody else has written. */
  #known: number | undefined;
  #limits: UploadLimits | undefined;
  #crc32c: Crc32c | undefined;
  #chunkSize: ChunkSize | undefined;

  constructor(client: UploadClient, source: UploadSource, memo: UploadMemo, options: UploadFileOptions) {
    this.#client = client;
    this.#source = source;
    this.memo = memo;
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
    this.#random = options.random ?? Math.random;
    this.#crc32c = options.crc32c;
    this.#door = options.door === "stream" ? new StreamingUploader() : new ChunkedUploader();
    if (options.signal?.aborted) this.close();
    else options.signal?.addEventListener("abort", this.close, { signal: this.#end.signal });
    this.#sha256 = (options.hash ?? hashInSlices())(source, this.#end.signal);
    this.#sha256.catch(() => {}); // Each attempt looks at it.
    this.done = this.#run();
    this.done.catch(() => {}); // Whoever looks at the state alone need not look here too.
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
    if (this.#wish === "run") this.#stand("pause");
  }

  resume(): void {
    if (this.#wish === "pause") this.#go();
  }

  takeOver(): void {
    if (this.#wish !== "yield") return;
    this.#door.takeOver();
    this.#known = undefined;
    this.#go();
  }

  retry(): void {
    if (this.#state.kind === "retrying") this.#wake();
  }

  readonly close = (): void => this.#end.abort(new ConnectError("the upload was left", Code.Canceled));

  async cancel(): Promise<void> {
    this.close();
    await this.done.catch(() => {});
    const signal = new AbortController().signal;
    for (let failures = 1; ; failures++) {
      try {
        const call = (inTime: AbortSignal) =>
          this.#client.abortUpload({ uploadId: this.memo.uploadId }, { signal: inTime });
        await withResponseTimeout({ timers: this.#timers, signal }, call);
        return;
      } catch (reason) {
        if (ConnectError.from(reason).code === Code.NotFound) return; // It has never begun, or is gone already.
        if (!isRetryable(reason) || failures >= maxCancelAttempts) throw reason;
        await delay(this.#timers, backOffMs(failures, this.#random()), signal);
      }
    }
  }

  async #run(): Promise<Upload> {
    const { signal } = this.#end;
    try {
      await Promise.resolve(); // So that the caller has the upload before it hears of it.
      for (;;) {
        await this.#told();
        try {
          const upload = await this.#try();
          this.#reach(this.memo.size);
          this.#tell({ kind: "complete", upload });
          return upload;
        } catch (reason) {
          if (!signal.aborted && reason !== stood) await this.#afterwards(reason);
        }
      }
    } catch (reason) {
      if (signal.aborted) this.#tell({ kind: "closed" });
      else if (reason instanceof UploadFailedError) this.#tell({ kind: "failed", error: reason });
      throw signal.aborted ? signal.reason : reason;
    } finally {
      this.#end.abort(new ConnectError("the upload is over", Code.Canceled)); // Ends the hash.
    }
  }

  async #try(): Promise<Upload> {
    const attempt = new AbortController();
    this.#attempt = attempt;
    this.#sha256.catch((reason: unknown) => attempt.abort(unreadable(reason)));
    const signal = AbortSignal.any([this.#end.signal, attempt.signal]);
    this.#tell({ kind: "connecting" });
    this.#crc32c ??= await newCrc32c().catch((reason: unknown) => {
      throw new UploadFailedError("refused", reason); // No WebAssembly here, now or later.
    });
    this.#limits ??= await this.#askLimits(signal);
    this.#chunkSize ??= new ChunkSize(this.#limits.maxChunkBytes);
    try {
      return await this.#door.attempt({
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
        committed: (offset) => this.#takeCommitted(Number(offset)),
        sending: (to) => this.#takeSending(to),
        verifying: () => this.#tell({ kind: "verifying" }),
      });
    } catch (reason) {
      throw attempt.signal.aborted ? attempt.signal.reason : reason;
    } finally {
      attempt.abort();
    }
  }

  async #askLimits(signal: AbortSignal): Promise<UploadLimits> {
    const call = (inTime: AbortSignal) => this.#client.getUploadLimits({}, { signal: inTime });
    const { limits } = await withResponseTimeout({ timers: this.#timers, signal }, call);
    if (limits === undefined) throw new ConnectError("the server has answered without its limits", Code.Internal);
    return limits;
  }

  #takeCommitted(offset: number): number {
    if (this.#known === undefined) {
      this.#known = offset;
      this.#rate.restart(this.#timers.now(), offset);
    } else if (offset > this.#known) throw new TakenOverError();
    if (offset > this.#committed) this.#failures = 0;
    this.#reach(offset);
    return offset;
  }

  #takeSending(to: number): void {
    this.#known = Math.max(this.#known ?? 0, to);
    if (this.#state.kind === "connecting") this.#tell({ kind: "sending" });
  }

  #reach(offset: number): void {
    if (offset <= this.#committed) return;
    this.#committed = offset;
    this.#rate.reach(this.#timers.now(), offset);
    this.#options.onProgress?.(this.progress);
  }

  /** After a failure: waits, stands still, or throws what cannot be mended. */
  async #afterwards(reason: unknown): Promise<void> {
    if (reason instanceof UploadFailedError) throw reason;
    const remedy = reason instanceof TakenOverError ? "yield" : remedyOf(reason);
    switch (remedy) {
      case "yield":
        this.#stand("yield");
        return;
      case "again":
      case "finish":
        if (problemOf(reason) === undefined) this.#chunkSize?.lost();
        await this.#delay(ConnectError.from(reason));
        return;
      case "file-changed":
      case "gone":
      case "refused":
        throw new UploadFailedError(remedy, reason);
    }
  }

  async #delay(reason: ConnectError): Promise<void> {
    const delayMs = backOffMs(++this.#failures, this.#random());
    const over = this.#woken(delayMs);
    this.#tell({ kind: "retrying", failures: this.#failures, delayMs, reason });
    await over;
  }

  /** Resolves when the upload is to go on. Throws when it is to end. */
  async #told(): Promise<void> {
    const { signal } = this.#end;
    while (!signal.aborted && this.#wish !== "run") {
      this.#tell({ kind: this.#wish === "pause" ? "paused" : "taken-over" });
      await this.#woken();
      this.#rate.restart(this.#timers.now(), this.#committed);
    }
    signal.throwIfAborted();
  }

  #stand(wish: Wish): void {
    this.#wish = wish;
    this.#attempt.abort(stood);
    this.#wake();
  }

  #go(): void {
    this.#wish = "run";
    this.#failures = 0;
    this.#wake();
  }

  /** Resolves after so many milliseconds, when woken, or at the end. */
  async #woken(millis?: number): Promise<void> {
    const { signal } = this.#end;
    const { promise, resolve } = Promise.withResolvers<void>();
    const wake = () => resolve();
    this.#wake = wake;
    const stop = millis === undefined ? () => {} : this.#timers.after(millis, wake);
    signal.addEventListener("abort", wake);
    if (signal.aborted) wake();
    await promise;
    stop();
    signal.removeEventListener("abort", wake);
  }

  #tell(state: FileUploadState): void {
    this.#state = state;
    this.#options.onState?.(state);
  }
}

/** A file that cannot be read to its end cannot be uploaded, however often that is tried. */
function unreadable(reason: unknown): Error {
  return reason instanceof FileChangedError ? reason : new UploadFailedError("refused", reason);
}
