import { createHash } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { type Client, ConnectError } from "@connectrpc/connect";
import { ReconnectingCall, type ReconnectingCallOptions } from "../client/shared/reconnecting-call.ts";
import { isRetryable } from "../client/shared/retry-policy.ts";
import type { UploadService } from "../gen/bourse/upload/v1/upload_service_pb.ts";

export interface ReceiveFileOptions extends Pick<ReconnectingCallOptions, "onState"> {
  readonly client: Pick<Client<typeof UploadService>, "download">;
  /** Ends it. What has come stays, to be gone on with. */
  readonly signal: AbortSignal;
  /** Takes how many bytes there are, of how many. */
  readonly onProgress: (received: number, size: number) => void;
}

/** A file that has come whole. */
export interface ReceivedFile {
  readonly size: number;
  /** In lower-case hex. */
  readonly sha256: string;
}

/**
 * Downloads an upload into a file, over breaks, and goes on where an earlier call was ended: until the file is whole and
 * has the right hash it is beside its place, as `{out}.{id}.part`. Rejects with what another attempt cannot mend.
 */
export async function receiveFile(uploadId: string, out: string, options: ReceiveFileOptions): Promise<ReceivedFile> {
  const part = `${out}.${uploadId}.part`;
  const { size, sha256, told } = await receiveInto(part, uploadId, options);
  if (sha256 !== told) {
    await rm(part, { force: true });
    throw new Error(`what came has the SHA-256 ${sha256}, not ${told}: it was removed; try again`);
  }
  await rename(part, out);
  return { size, sha256 };
}

async function receiveInto(path: string, uploadId: string, options: ReceiveFileOptions) {
  await using file = await open(path, "a+");
  const hash = createHash("sha256");
  let offset = 0;
  for await (const data of file.createReadStream({ start: 0, autoClose: false })) {
    hash.update(data);
    offset += data.length;
  }
  let told = "";
  // Who calls for the first time wants to know at once what is wrong.
  const retry = (reason: ConnectError) => told !== "" && isRetryable(reason);
  const attempts = new ReconnectingCall({ ...options, retry });
  for (;;) {
    attempts.begin();
    try {
      let size = 0;
      const onHeader = (header: Headers) => {
        size = Number(header.get("bourse-upload-size"));
        told = header.get("bourse-sha256") ?? "";
      };
      const { signal } = options;
      for await (const { data } of options.client.download(
        { uploadId, offset: BigInt(offset) },
        { signal, onHeader },
      )) {
        await file.appendFile(data);
        hash.update(data);
        offset += data.length;
        attempts.succeed();
        options.onProgress(offset, size);
      }
      await file.sync();
      return { size: offset, sha256: hash.digest("hex"), told };
    } catch (reason) {
      await attempts.fail(ConnectError.from(reason)).catch(async () => {
        if (offset === 0) await rm(path, { force: true });
        throw reason;
      });
    }
  }
}
