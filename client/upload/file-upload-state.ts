import type { Upload } from "../../gen/bourse/upload/v1/upload_pb.ts";
import type { CallState } from "../shared/call-retry-tracker.ts";
import type { UploadFailedError } from "./upload-error-remedy.ts";

/** The state of an upload in the client. */
export type FileUploadState =
  /** While an attempt fetches the committed offset: `connecting`. After a failure: `retrying`. */
  | CallState<"sending">
  /** `pause` was called. */
  | { readonly kind: "paused" }
  /** Another client has taken the upload over. This client waits for `takeOver`. */
  | { readonly kind: "taken-over" }
  /** All bytes were sent. Client or server compute the hash. */
  | { readonly kind: "verifying" }
  | { readonly kind: "complete"; readonly upload: Upload }
  | { readonly kind: "failed"; readonly error: UploadFailedError }
  /** `close` or `cancel` was called. */
  | { readonly kind: "closed" };

/** How far an upload has advanced. */
export interface UploadProgress {
  /** How many bytes are on the disk of the server. */
  readonly committedBytes: number;
  /** The size of the file. */
  readonly size: number;
  /** The rate of the last seconds. 0 if it is not known. */
  readonly bytesPerSecond: number;
  /** The remaining time at this rate. Undefined if it is not known. */
  readonly remainingMs: number | undefined;
}
