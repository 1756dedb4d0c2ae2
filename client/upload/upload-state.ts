import type { ConnectError } from "@connectrpc/connect";
import type { Upload } from "../../gen/bourse/upload/v1/upload_pb.ts";
import type { UploadFailedError } from "./upload-problem.ts";

/** How an upload is, as its client sees it. */
export type FileUploadState =
  /** The server is asked where to go on. */
  | { readonly kind: "connecting" }
  | { readonly kind: "sending" }
  /** It was lost, and goes on after a while. */
  | {
      readonly kind: "retrying";
      /** How many attempts in a row have failed. */
      readonly failures: number;
      readonly delayMs: number;
      readonly reason: ConnectError;
    }
  /** `pause` was called. */
  | { readonly kind: "paused" }
  /** Another writer has taken the upload over: it stands here until `takeOver`. */
  | { readonly kind: "taken-over" }
  /** All bytes are there; their hash is counted, here or by the server. */
  | { readonly kind: "verifying" }
  | { readonly kind: "complete"; readonly upload: Upload }
  | { readonly kind: "failed"; readonly error: UploadFailedError }
  /** `close` or `cancel` was called. */
  | { readonly kind: "closed" };

/** How far an upload has come. */
export interface UploadProgress {
  /** How many bytes are safe on the server's disk. */
  readonly committedBytes: number;
  /** How many the file has. */
  readonly size: number;
  /** How fast they have become so lately. 0 where nothing can be said. */
  readonly bytesPerSecond: number;
  /** How long the rest takes at this rate. Undefined where nothing can be said. */
  readonly remainingMs: number | undefined;
}
