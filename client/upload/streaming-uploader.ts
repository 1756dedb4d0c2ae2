import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { type Upload, UploadState } from "../../gen/bourse/upload/v1/upload_pb.ts";
import type { UploadRequestSchema } from "../../gen/bourse/upload/v1/upload_service_pb.ts";
import { IdleTimeout } from "../shared/idle-timeout.ts";
import { responseTimeoutMs, withResponseTimeout } from "../shared/response-timeout.ts";
import { delay } from "../shared/timers.ts";
import { readSlice } from "./read-slice.ts";
import { uploadInfo } from "./upload-info.ts";
import { computeDigest, formatState, reportedState, type UploadAttempt, type Uploader } from "./uploader.ts";

/** How often the server is asked how much of a running stream is committed, in milliseconds. */
const progressPollMs = 1_000;

/** How large a chunk of a stream is, in bytes: larger ones are not faster. */
const streamChunkBytes = 256 * 1024;

const offsetHeader = "bourse-upload-offset";

/** Uploads in one call. Where it breaks another one begins, unless somebody else has written meanwhile. */
export class StreamingUploader implements Uploader {
  #hasBegun = false;

  takeOver(): void {
    this.#hasBegun = false;
  }

  async attempt(attempt: UploadAttempt): Promise<Upload> {
    const { memo } = attempt;
    if (this.#hasBegun) {
      const upload = await standing(attempt);
      if (upload?.state === UploadState.COMPLETE) return upload;
      if (upload && attempt.committed(upload.committedOffset) === memo.size) {
        attempt.verifying();
        await computeDigest(attempt); // A stream would be silent meanwhile.
      }
    }
    this.#hasBegun = true;
    return stream(attempt);
  }
}

/** How the upload stands. Undefined where not even its beginning has arrived. */
async function standing(attempt: UploadAttempt): Promise<Upload | undefined> {
  const { client, memo } = attempt;
  try {
    const answer = await withResponseTimeout(attempt, (signal) =>
      client.getUpload({ uploadId: memo.uploadId }, { signal }),
    );
    return reportedState(answer.upload);
  } catch (reason) {
    if (ConnectError.from(reason).code === Code.NotFound) return undefined;
    throw reason;
  }
}

async function stream(attempt: UploadAttempt): Promise<Upload> {
  const end = new AbortController();
  const signal = AbortSignal.any([attempt.signal, end.signal]);
  const from = Promise.withResolvers<number>();
  from.promise.catch(() => {}); // What breaks the call is told by the call.
  signal.addEventListener("abort", () => from.reject(signal.reason));
  const watchdog = new IdleTimeout(attempt.timers, responseTimeoutMs, () =>
    end.abort(new ConnectError(`nothing was taken or answered for ${responseTimeoutMs / 1000} s`, Code.Unavailable)),
  );
  const running = { ...attempt, signal };
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => {});
  const requests = requestsOf(running, from.promise, watchdog, failure.reject);
  try {
    watchdog.listen();
    const answer = attempt.client.upload(requests, {
      signal,
      onHeader(header) {
        try {
          from.resolve(attempt.committed(BigInt(header.get(offsetHeader) ?? "0")));
        } catch (reason) {
          end.abort(reason);
        }
      },
    });
    void followProgress(running, watchdog);
    const { upload } = await Promise.race([answer, failure.promise]);
    const told = reportedState(upload);
    if (told.state === UploadState.COMPLETE) return told;
    throw new ConnectError(`the server has not finished the upload: ${formatState(told.state)}`, Code.Unavailable);
  } catch (reason) {
    throw end.signal.aborted ? end.signal.reason : reason;
  } finally {
    watchdog.stop();
    end.abort();
  }
}

/** What goes through the stream. A failure here is told to `fail` too: transports hide why a request ended. */
async function* requestsOf(
  attempt: UploadAttempt,
  begin: Promise<number>,
  watchdog: IdleTimeout,
  fail: (reason: unknown) => void,
): AsyncGenerator<MessageInitShape<typeof UploadRequestSchema>> {
  const { memo, source, limits, crc32c } = attempt;
  const step = Math.min(streamChunkBytes, limits.maxChunkBytes);
  try {
    yield { request: { case: "info", value: { info: uploadInfo(memo) } } };
    let offset = await begin;
    while (offset < memo.size) {
      const to = Math.min(memo.size, offset + step);
      watchdog.hear();
      const data = await readSlice(source, offset, to);
      attempt.sending(to);
      watchdog.listen();
      yield { request: { case: "chunk", value: { offset: BigInt(offset), data, crc32c: crc32c(data) } } };
      offset = to;
    }
    attempt.verifying();
    watchdog.hear();
    const digest = await computeDigest(attempt);
    watchdog.listen();
    yield { request: { case: "finish", value: { size: BigInt(memo.size), sha256: digest } } };
  } catch (reason) {
    fail(reason);
    throw reason;
  }
}

/**
 * A stream tells nothing before its end: how much is committed is asked beside it. An answer proves that the server is
 * there, so that it may take its time to verify a large file. What fails here is no failure: the stream will tell.
 */
async function followProgress(attempt: UploadAttempt, watchdog: IdleTimeout): Promise<void> {
  const { client, memo, timers, signal, committed } = attempt;
  while (!signal.aborted) {
    try {
      await delay(timers, progressPollMs, signal);
      const { upload } = await client.getUpload({ uploadId: memo.uploadId }, { signal });
      if (upload) committed(upload.committedOffset);
      if (!signal.aborted) watchdog.listen();
    } catch {}
  }
}
