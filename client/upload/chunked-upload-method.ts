import { Code, ConnectError } from "@connectrpc/connect";
import { type Upload, UploadState } from "../../gen/bourse/upload/v1/upload_pb.ts";
import { withResponseTimeout } from "../shared/call-timeouts.ts";
import { delay } from "../shared/timers.ts";
import { toUploadInfo } from "./upload-memo.ts";
import {
  checkComplete,
  fetchUpload,
  finalDigest,
  requireUpload,
  type UploadAttempt,
  type UploadMethod,
} from "./upload-method.ts";
import { readSlice } from "./upload-source.ts";

/** The interval at which FinishUpload is repeated while the server verifies the hash, in milliseconds. */
const verifyPollMs = 1_000;

/**
 * The chunked upload method: a unary call for each chunk. After a failure it resumes with the same writer generation, so
 * it does not take the upload over from another client.
 */
export class ChunkedUploadMethod implements UploadMethod {
  #generation: bigint | undefined;
  /** Whether the server has reported a committed byte. */
  #hasCommitted = false;

  takeOver(): void {
    this.#generation = undefined;
  }

  async attempt(attempt: UploadAttempt): Promise<Upload> {
    try {
      return await this.#attempt({
        ...attempt,
        onCommitted: (committed) => {
          const offset = attempt.onCommitted(committed);
          this.#hasCommitted ||= offset > 0;
          return offset;
        },
      });
    } catch (reason) {
      // A server discards an upload that has received no byte for some time. Such an upload is started again.
      const isDiscarded = ConnectError.from(reason).code === Code.NotFound && this.#generation !== undefined;
      if (!isDiscarded || this.#hasCommitted) throw reason;
      this.#generation = undefined;
      throw new ConnectError("the server has discarded the empty upload", Code.Unavailable, undefined, [], reason);
    }
  }

  async #attempt(attempt: UploadAttempt): Promise<Upload> {
    const generation = this.#generation;
    const { upload, offset, writerGeneration } =
      generation === undefined ? await this.#start(attempt) : await resume(attempt, generation);
    if (upload.state === UploadState.COMPLETE) return upload;
    if (offset < attempt.memo.size) await sendChunks(attempt, writerGeneration, offset);
    attempt.onVerifying();
    return finish(attempt, writerGeneration, await finalDigest(attempt));
  }

  async #start(attempt: UploadAttempt) {
    const { client, memo } = attempt;
    const info = toUploadInfo(memo);
    const response = await withResponseTimeout(attempt, (signal) => client.startUpload({ info }, { signal }));
    const { writerGeneration } = response;
    this.#generation = writerGeneration;
    const offset = attempt.onCommitted(response.committedOffset);
    return { upload: requireUpload(response.upload), offset, writerGeneration };
  }
}

async function resume(attempt: UploadAttempt, writerGeneration: bigint) {
  const upload = await fetchUpload(attempt);
  return { upload, offset: attempt.onCommitted(upload.committedOffset), writerGeneration };
}

/** Sends the rest of the file, with a limited number of chunks in flight. The first failure cancels the others. */
async function sendChunks(attempt: UploadAttempt, writerGeneration: bigint, start: number): Promise<void> {
  const { client, source, memo, chunkSize, timers, crc32c } = attempt;
  const failure = new AbortController();
  const signal = AbortSignal.any([attempt.signal, failure.signal]);
  let nextOffset = start;
  const sendNext = async () => {
    while (nextOffset < memo.size) {
      const offset = nextOffset;
      const end = Math.min(memo.size, offset + chunkSize.bytes);
      nextOffset = end;
      attempt.onSending(end);
      const data = await readSlice(source, offset, end);
      signal.throwIfAborted();
      const sentAt = timers.now();
      const request = { uploadId: memo.uploadId, writerGeneration, offset: BigInt(offset), data, crc32c: crc32c(data) };
      const response = await withResponseTimeout({ timers, signal }, (callSignal) =>
        client.uploadChunk(request, { signal: callSignal }),
      );
      chunkSize.succeed(timers.now() - sentAt);
      attempt.onCommitted(response.committedOffset);
    }
  };
  const senders = Array.from({ length: attempt.chunksInFlight }, () =>
    sendNext().catch((reason: unknown) => {
      failure.abort(reason);
      throw reason;
    }),
  );
  await Promise.allSettled(senders);
  if (failure.signal.aborted) throw failure.signal.reason;
}

async function finish(attempt: UploadAttempt, writerGeneration: bigint, sha256: Uint8Array): Promise<Upload> {
  const { client, memo, timers } = attempt;
  const request = { uploadId: memo.uploadId, writerGeneration, size: BigInt(memo.size), sha256 };
  for (;;) {
    const response = await withResponseTimeout(attempt, (signal) => client.finishUpload(request, { signal }));
    if (response.upload?.state !== UploadState.VERIFYING) return checkComplete(response.upload);
    await delay(timers, verifyPollMs, attempt.signal);
  }
}
