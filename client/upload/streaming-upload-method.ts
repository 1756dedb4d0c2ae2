import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { type Upload, UploadState } from "../../gen/bourse/upload/v1/upload_pb.ts";
import type { UploadRequestSchema } from "../../gen/bourse/upload/v1/upload_service_pb.ts";
import { CallAttempt } from "../shared/call-attempt.ts";
import { delay } from "../shared/timers.ts";
import { toUploadInfo } from "./upload-memo.ts";
import { checkComplete, fetchUpload, finalDigest, type UploadAttempt, type UploadMethod } from "./upload-method.ts";
import { readSlice } from "./upload-source.ts";

/** The interval at which the committed offset of a running stream is fetched, in milliseconds. */
const progressPollMs = 1_000;

/** The size of a chunk in a stream, in bytes. Larger chunks are not faster. */
const streamChunkBytes = 256 * 1024;

const offsetHeader = "bourse-upload-offset";

/** The streaming upload method: one client-streaming call that sends the rest of the file. */
export class StreamingUploadMethod implements UploadMethod {
  #hasStarted = false;

  takeOver(): void {
    this.#hasStarted = false;
  }

  async attempt(attempt: UploadAttempt): Promise<Upload> {
    const { memo } = attempt;
    if (this.#hasStarted) {
      const upload = await fetchUploadIfKnown(attempt);
      if (upload?.state === UploadState.COMPLETE) return upload;
      if (upload && attempt.onCommitted(upload.committedOffset) === memo.size) {
        attempt.onVerifying();
        await finalDigest(attempt); // before the stream starts, because a stream must not be idle
      }
    }
    this.#hasStarted = true;
    return streamFile(attempt);
  }
}

/** The upload on the server. Undefined if the start of the upload has not reached the server. */
async function fetchUploadIfKnown(attempt: UploadAttempt): Promise<Upload | undefined> {
  try {
    return await fetchUpload(attempt);
  } catch (reason) {
    if (ConnectError.from(reason).code === Code.NotFound) return undefined;
    throw reason;
  }
}

async function streamFile(attempt: UploadAttempt): Promise<Upload> {
  using call = new CallAttempt(attempt);
  const { signal } = call;
  const start = Promise.withResolvers<number>();
  start.promise.catch(() => {}); // a failed call is reported by the call
  signal.addEventListener("abort", () => start.reject(signal.reason));
  const requestFailure = Promise.withResolvers<never>();
  requestFailure.promise.catch(() => {});
  const requests = requestsOf({ ...attempt, signal }, call, start.promise, requestFailure.reject);
  try {
    call.idleTimeout.start();
    const response = attempt.client.upload(requests, {
      signal,
      onHeader(header) {
        try {
          start.resolve(attempt.onCommitted(BigInt(header.get(offsetHeader) ?? "0")));
        } catch (reason) {
          call.fail(reason);
        }
      },
    });
    void followProgress(attempt, call);
    const { upload } = await Promise.race([response, requestFailure.promise]);
    return checkComplete(upload);
  } catch (reason) {
    throw call.reasonOf(reason);
  }
}

/**
 * The requests of a stream. The idle timeout runs while the server must take a request. A failure is also passed to
 * `onFailure`, because transports hide why the requests of a call ended.
 *
 * @param start resolves to the offset of the first chunk
 */
async function* requestsOf(
  attempt: UploadAttempt,
  { idleTimeout }: CallAttempt,
  start: Promise<number>,
  onFailure: (reason: unknown) => void,
): AsyncGenerator<MessageInitShape<typeof UploadRequestSchema>> {
  const { memo, source, limits, crc32c } = attempt;
  const chunkBytes = Math.min(streamChunkBytes, limits.maxChunkBytes);
  try {
    yield { request: { case: "info", value: { info: toUploadInfo(memo) } } };
    let offset = await start;
    while (offset < memo.size) {
      const end = Math.min(memo.size, offset + chunkBytes);
      idleTimeout.stop();
      const data = await readSlice(source, offset, end);
      attempt.onSending(end);
      idleTimeout.start();
      yield { request: { case: "chunk", value: { offset: BigInt(offset), data, crc32c: crc32c(data) } } };
      offset = end;
    }
    attempt.onVerifying();
    idleTimeout.stop();
    const sha256 = await finalDigest(attempt);
    idleTimeout.start();
    yield { request: { case: "finish", value: { size: BigInt(memo.size), sha256 } } };
  } catch (reason) {
    onFailure(reason);
    throw reason;
  }
}

/**
 * Fetches the committed offset while a stream runs, because a client-streaming call has no response before its end. Each
 * response also restarts the idle timeout: the server may take long to verify a large file. Failures are ignored here,
 * because the stream fails too.
 */
async function followProgress({ client, memo, timers, onCommitted }: UploadAttempt, call: CallAttempt): Promise<void> {
  const { signal, idleTimeout } = call;
  while (!signal.aborted) {
    try {
      await delay(timers, progressPollMs, signal);
      const { upload } = await client.getUpload({ uploadId: memo.uploadId }, { signal });
      if (upload) onCommitted(upload.committedOffset);
      if (!signal.aborted) idleTimeout.start();
    } catch {}
  }
}
