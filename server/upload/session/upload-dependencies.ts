import type { SharedLimit } from "../../transport/protection/shared-limit.ts";
import type { UploadFileDependencies } from "../file/upload-file.ts";
import type { DetectFileType } from "../image/detect-file-type.ts";
import type { UploadStore } from "../store/upload-store.ts";
import type { UploadQuota } from "../upload-quota.ts";

/** The dependencies that all upload sessions share. */
export interface UploadDependencies extends UploadFileDependencies {
  readonly store: UploadStore;
  readonly quota: UploadQuota;
  /** The limit on the bytes of chunks that wait for the bytes before them. */
  readonly bufferedBytes: SharedLimit;
  readonly detectType: DetectFileType;
  /** Microseconds since 1970. */
  readonly nowMicros: () => number;
}
