import { createHash } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { type Client, ConnectError } from "@connectrpc/connect";
import { type CallRetryOptions, CallRetryTracker } from "../../client/shared/call-retry-tracker.ts";
import { isRetryable } from "../../client/shared/retry-policy.ts";
import type { UploadService } from "../../gen/bourse/upload/v1/upload_service_pb.ts";

export interface ReceiveFileOptions extends Pick<CallRetryOptions, "onState"> {
  readonly client: Pick<Client<typeof UploadService>, "download">;
  /** Ends the download. The received part stays on the disk, and a later call resumes it. */
  readonly signal: AbortSignal;
  /** Receives the number of bytes that are stored, and the size of the file. */
  readonly onProgress: (received: number, size: number) => void;
}

/** A complete file. */
export interface ReceivedFile {
  readonly size: number;
  /** In lower-case hex. */
  readonly sha256: string;
}

/**
 * Downloads an upload into a file. Reconnects after a failure, and resumes a part that an earlier call has left. Until
 * the file is complete and its hash is verified, it is `{out}.{id}.part`. Rejects with errors that are not retryable.
 */
export async function receiveFile(uploadId: string, out: string, options: ReceiveFileOptions): Promise<ReceivedFile> {
  const part = `${out}.${uploadId}.part`;
  const { size, sha256, announcedSha256 } = await receivePart(part, uploadId, options);
  if (sha256 !== announcedSha256) {
    await rm(part, { force: true });
    throw new Error(
      `the received file has the SHA-256 ${sha256}, but the server announced ${announcedSha256}: ` +
        "the file was removed, so download it again",
    );
  }
  await rename(part, out);
  return { size, sha256 };
}

async function receivePart(path: string, uploadId: string, options: ReceiveFileOptions) {
  await using file = await open(path, "a+");
  const hash = createHash("sha256");
  let offset = 0;
  for await (const data of file.createReadStream({ start: 0, autoClose: false })) {
    hash.update(data);
    offset += data.length;
  }
  let size = 0;
  let announcedSha256: string | undefined;
  const onHeader = (header: Headers) => {
    size = Number(header.get("bourse-upload-size"));
    announcedSha256 = header.get("bourse-sha256") ?? "";
  };
  // Before the first response a failure is reported at once: the address or the id may be wrong.
  const retry = (reason: ConnectError) => announcedSha256 !== undefined && isRetryable(reason);
  const call = new CallRetryTracker({ ...options, retry });
  for (;;) {
    call.begin();
    try {
      const request = { uploadId, offset: BigInt(offset) };
      for await (const { data } of options.client.download(request, { signal: options.signal, onHeader })) {
        await file.appendFile(data);
        hash.update(data);
        offset += data.length;
        call.succeed();
        call.report("live");
        options.onProgress(offset, size);
      }
      await file.sync();
      return { size: offset, sha256: hash.digest("hex"), announcedSha256 };
    } catch (reason) {
      await call.waitToRetry(ConnectError.from(reason)).catch(async () => {
        if (offset === 0) await rm(path, { force: true });
        throw reason;
      });
    }
  }
}
