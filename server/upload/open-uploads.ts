import type { Timers } from "../../client/timers.ts";
import type { Problem } from "../repeated-problem.ts";
import type { StoreHealth } from "../storage/store-health.ts";
import type { Disk } from "./disk.ts";
import type { Hasher } from "./hasher.ts";
import { HeldBytes } from "./held-bytes.ts";
import { OffsetCommits } from "./offset-commits.ts";
import { type Recovery, recoverUploads } from "./recover-uploads.ts";
import { Thumbnails } from "./thumbnails.ts";
import type { InspectFile, UploadParts } from "./upload-parts.ts";
import { UploadQuota, type UploadQuotaLimits } from "./upload-quota.ts";
import type { UploadStore } from "./upload-store.ts";
import { type ProductExists, Uploads } from "./uploads.ts";

/** What uploads are allowed. Sizes in bytes. */
export interface UploadSettings extends UploadQuotaLimits {
  readonly maxFileBytes: number;
  /** How long an upload is kept when nothing more of it comes. */
  readonly expiryMs: number;
}

export interface OpenUploadsOptions {
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
}

/** An open store of uploads. Disposing of it closes its files. */
export interface OpenUploads extends AsyncDisposable {
  readonly uploads: Uploads;
  readonly thumbnails: Thumbnails;
  readonly recovery: Recovery;
}

/** Opens the store of uploads, and brings its files in line with what is known of them. */
export async function openUploads(options: OpenUploadsOptions): Promise<OpenUploads> {
  const { store, disk, settings, nowMicros } = options;
  const parts: UploadParts = {
    ...options,
    commits: new OffsetCommits(store, nowMicros),
    quota: new UploadQuota(settings),
    heldBytes: new HeldBytes(),
    limits: settings,
  };
  const recovery = await recoverUploads(parts);
  const thumbnails = await Thumbnails.open(disk);
  const uploads = new Uploads({
    ...parts,
    productExists: options.productExists,
    expiryMs: settings.expiryMs,
    onDiscard: (id) => thumbnails.remove(id),
    ...(options.sweepProblem && { sweepProblem: options.sweepProblem }),
  });
  return { uploads, thumbnails, recovery, [Symbol.asyncDispose]: () => uploads[Symbol.asyncDispose]() };
}
