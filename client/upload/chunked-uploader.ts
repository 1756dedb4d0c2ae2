import { Code, ConnectError } from "@connectrpc/connect";
import { type Upload, UploadState } from "../../gen/bourse/upload/v1/upload_pb.ts";
import { withResponseTimeout } from "../shared/response-timeout.ts";
import { delay } from "../shared/timers.ts";
import { readSlice } from "./read-slice.ts";
import { uploadInfo } from "./upload-info.ts";
import { computeDigest, formatState, reportedState, type UploadAttempt, type Uploader } from "./uploader.ts";

/** How often the server is asked whether it has counted the hash, in milliseconds. */
const verifyPollMs = 1_000;

/** Uploads a call a chunk. After a break it goes on as the same writer, so that it takes nothing from another. */
export class ChunkedUploader implements Uploader {
  #generation: bigint | undefined;
  /** Whether the server has reported that a byte is committed. */
  #hasCommitted = false;

  takeOver(): void {
    this.#generation = undefined;
  }

  async attempt(attempt: UploadAttempt): Promise<Upload> {
    try {
      return await this.#attempt({
        ...attempt,
        committed: (offset) => {
          const from = attempt.committed(offset);
          this.#hasCommitted ||= from > 0;
          return from;
        },
      });
    } catch (reason) {
      // The server forgets an upload of which no byte has come in time: it is started anew.
      const isForgotten = ConnectError.from(reason).code === Code.NotFound && this.#generation !== undefined;
      if (!isForgotten || this.#hasCommitted) throw reason;
      this.#generation = undefined;
      throw new ConnectError("the upload was forgotten: it is started again", Code.Unavailable, undefined, [], reason);
    }
  }

  async #attempt(attempt: UploadAttempt): Promise<Upload> {
    const { memo } = attempt;
    const generation = this.#generation;
    const { upload, from, writer } =
      generation === undefined ? await this.#start(attempt) : await standing(attempt, generation);
    if (upload.state === UploadState.COMPLETE) return upload;
    if (from < memo.size) await sendChunks(attempt, writer, from);
    attempt.verifying();
    return finish(attempt, writer, await computeDigest(attempt));
  }

  async #start(attempt: UploadAttempt) {
    const { client, memo } = attempt;
    const info = uploadInfo(memo);
    const answer = await withResponseTimeout(attempt, (signal) => client.startUpload({ info }, { signal }));
    this.#generation = answer.writerGeneration;
    const from = attempt.committed(answer.committedOffset);
    return { upload: reportedState(answer.upload), from, writer: answer.writerGeneration };
  }
}

async function standing(attempt: UploadAttempt, writer: bigint) {
  const { client, memo } = attempt;
  const answer = await withResponseTimeout(attempt, (signal) =>
    client.getUpload({ uploadId: memo.uploadId }, { signal }),
  );
  const upload = reportedState(answer.upload);
  return { upload, from: attempt.committed(upload.committedOffset), writer };
}

/** Sends what is missing, in lanes that each have one chunk under way. The first that fails ends the others. */
async function sendChunks(attempt: UploadAttempt, writerGeneration: bigint, from: number): Promise<void> {
  const { client, source, memo, chunkSize, timers, crc32c } = attempt;
  const end = new AbortController();
  const signal = AbortSignal.any([attempt.signal, end.signal]);
  let next = from;
  const lane = async () => {
    while (next < memo.size) {
      const offset = next;
      next = Math.min(memo.size, offset + chunkSize.bytes);
      attempt.sending(next);
      const data = await readSlice(source, offset, next);
      signal.throwIfAborted();
      const began = timers.now();
      const request = { uploadId: memo.uploadId, writerGeneration, offset: BigInt(offset), data, crc32c: crc32c(data) };
      const answer = await withResponseTimeout({ timers, signal }, (inTime) =>
        client.uploadChunk(request, { signal: inTime }),
      );
      chunkSize.arrived(timers.now() - began);
      attempt.committed(answer.committedOffset);
    }
  };
  const lanes = Array.from({ length: attempt.chunksInFlight }, () =>
    lane().catch((reason: unknown) => {
      end.abort(reason);
      throw reason;
    }),
  );
  await Promise.allSettled(lanes);
  if (end.signal.aborted) throw end.signal.reason;
}

async function finish(attempt: UploadAttempt, writerGeneration: bigint, sha256: Uint8Array): Promise<Upload> {
  const { client, memo, timers } = attempt;
  const request = { uploadId: memo.uploadId, writerGeneration, size: BigInt(memo.size), sha256 };
  for (;;) {
    const answer = await withResponseTimeout(attempt, (signal) => client.finishUpload(request, { signal }));
    const upload = reportedState(answer.upload);
    if (upload.state === UploadState.COMPLETE) return upload;
    if (upload.state !== UploadState.VERIFYING) {
      throw new ConnectError(`the server has not finished the upload: ${formatState(upload.state)}`, Code.Unavailable);
    }
    await delay(timers, verifyPollMs, attempt.signal);
  }
}
