import type { Timers } from "../../client/shared/timers.ts";
import type { Problem } from "../logging/repeated-problem.ts";
import type { StoreHealth } from "../storage/store-health.ts";
import { type LimitDefinition, SharedLimit } from "../transport/protection/shared-limit.ts";
import type { Disk } from "./file/disk.ts";
import type { Hasher } from "./hash/hasher.ts";
import { Thumbnails } from "./image/thumbnails.ts";
import { type Recovery, recoverUploads } from "./recover-uploads.ts";
import { OffsetCommits } from "./session/offset-commits.ts";
import type { InspectFile, UploadDependencies } from "./session/upload-dependencies.ts";
import type { UploadStore } from "./store/upload-store.ts";
import { uploadLimits } from "./upload-limits.ts";
import { UploadQuota, type UploadQuotaLimits } from "./upload-quota.ts";
import { type ProductExists, Uploads } from "./uploads.ts";

/** What uploads are allowed. Sizes in bytes. */
export interface UploadSettings extends UploadQuotaLimits {
  readonly maxFileBytes: number;
  /** How long an upload is kept when nothing more of it comes. */
  readonly expiryMs: number;
}

export interface AssembleUploadsOptions {
  readonly disk: Disk;
  readonly store: UploadStore;
  readonly hasher: Hasher;
  readonly inspect: InspectFile;
  readonly settings: UploadSettings;
  readonly timers: Timers;
  readonly nowMicros: () => number;
  readonly productExists: ProductExists;
  /** Of the data directory: after a failed sync nothing more is written. */
  readonly health: StoreHealth;
  /** Watches over the sweeps, which nobody waits for. Default: nothing is reported. */
  readonly sweepProblem?: Problem;
  /** Makes the limits that clients share. Default: limits all of which one client may use. */
  readonly limit?: ((definition: LimitDefinition) => SharedLimit) | undefined;
  /** The limit on calls that write to the database. Default: none but the database's own. */
  readonly writeLimit?: SharedLimit | undefined;
}

/** Uploads on some disk and some store. Disposing of it closes the files. */
export interface AssembledUploads extends AsyncDisposable {
  readonly uploads: Uploads;
  readonly thumbnails: Thumbnails;
  readonly recovery: Recovery;
}

/** Recovers the files of the uploads of a store, and opens all that works on them. */
export async function assembleUploads(options: AssembleUploadsOptions): Promise<AssembledUploads> {
  const { store, disk, settings, nowMicros } = options;
  const shared = uploadLimits(settings, options.limit ?? ((definition) => new SharedLimit(definition)));
  const parts: UploadDependencies = {
    ...options,
    commits: new OffsetCommits(store, nowMicros),
    quota: new UploadQuota(shared),
    heldBytes: shared.heldBytes,
    limits: settings,
  };
  const recovery = await recoverUploads(parts);
  const thumbnails = await Thumbnails.open(disk, shared.waitingThumbnails);
  const uploads = new Uploads({
    ...parts,
    productExists: options.productExists,
    readers: shared.readers,
    writeLimit: options.writeLimit,
    expiryMs: settings.expiryMs,
    onDiscard: (id) => thumbnails.remove(id),
    ...(options.sweepProblem && { sweepProblem: options.sweepProblem }),
  });
  return { uploads, thumbnails, recovery, [Symbol.asyncDispose]: () => uploads[Symbol.asyncDispose]() };
}
