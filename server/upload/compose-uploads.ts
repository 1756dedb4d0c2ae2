import type { Timers } from "../../client/shared/timers.ts";
import type { Problem } from "../logging/repeated-problem-log.ts";
import { GroupCommit } from "../storage/group-commit.ts";
import type { StoreHealth } from "../storage/store-health.ts";
import { type LimitDefinition, SharedLimit } from "../transport/protection/shared-limit.ts";
import { ExpirySweep } from "./expiry-sweep.ts";
import type { Disk } from "./file/disk-operations.ts";
import type { Hasher } from "./hash/hasher.ts";
import type { DetectFileType } from "./image/detect-file-type.ts";
import { Thumbnails } from "./image/thumbnails.ts";
import { type Recovery, recoverUploads } from "./recover-uploads.ts";
import { SessionRegistry } from "./session/session-registry.ts";
import type { UploadDependencies } from "./session/upload-session.ts";
import { createSharedUploadLimits } from "./shared-upload-limits.ts";
import type { UploadStore } from "./store/upload-store.ts";
import { UploadQuota } from "./upload-quota.ts";
import { type ProductExists, Uploads } from "./uploads.ts";

/** The settings of uploads. */
export interface UploadSettings {
  /** The maximum size of one file, in bytes. */
  readonly maxFileBytes: number;
  /** The maximum size of all uploads, in bytes, including the reservations of open ones. */
  readonly maxTotalBytes: number;
  readonly maxOpenUploads: number;
  /** How long an upload is kept without a change, in milliseconds. */
  readonly expiryMs: number;
}

export interface ComposeUploadsOptions {
  readonly disk: Disk;
  readonly store: UploadStore;
  readonly hasher: Hasher;
  readonly detectType: DetectFileType;
  readonly settings: UploadSettings;
  readonly timers: Timers;
  /** Microseconds since 1970. */
  readonly nowMicros: () => number;
  readonly productExists: ProductExists;
  /** The health of the data directory. After a failed sync nothing more is written. */
  readonly health: StoreHealth;
  /** Gets the errors of expiry sweeps. Default: they are not reported. */
  readonly sweepProblem?: Problem;
  /** Creates the limits that clients share. Default: limits that one client may use up. */
  readonly limit?: ((definition: LimitDefinition) => SharedLimit) | undefined;
  /** The limit on calls that write to the database. Default: only the database's own. */
  readonly writeLimit?: SharedLimit | undefined;
}

/** Uploads on some disk and some store. Disposing of them closes all files. */
export interface ComposedUploads extends AsyncDisposable {
  readonly uploads: Uploads;
  readonly thumbnails: Thumbnails;
  readonly recovery: Recovery;
}

/** Recovers the files and opens uploads on the given disk and store. */
export async function composeUploads(options: ComposeUploadsOptions): Promise<ComposedUploads> {
  const { store, disk, health, settings, timers, nowMicros } = options;
  const limits = createSharedUploadLimits(settings, options.limit ?? ((definition) => new SharedLimit(definition)));
  const dependencies: UploadDependencies = {
    ...options,
    commitOffset: groupOffsetCommits(store, nowMicros),
    quota: new UploadQuota(limits),
    bufferedBytes: limits.bufferedBytes,
    limits: settings,
  };
  const recovery = await recoverUploads(dependencies);
  const thumbnails = await Thumbnails.open(disk, limits.queuedThumbnails);
  const sessions = new SessionRegistry(dependencies);
  const { expiryMs } = settings;
  const uploads = new Uploads({
    ...dependencies,
    sessions,
    sweep: new ExpirySweep({ sessions, store, health, expiryMs, timers, nowMicros, problem: options.sweepProblem }),
    productExists: options.productExists,
    downloads: limits.downloads,
    writeLimit: options.writeLimit,
    onAbort: (id) => thumbnails.remove(id),
  });
  return { uploads, thumbnails, recovery, [Symbol.asyncDispose]: () => uploads[Symbol.asyncDispose]() };
}

/** Each upload has at most one commit in progress: a transaction holds at most one offset for each open upload. */
const maxOffsetsPerCommit = Number.POSITIVE_INFINITY;

/** Records the offsets of all uploads that wait in one transaction, so that they share a flush of the disk. */
function groupOffsetCommits(store: UploadStore, nowMicros: () => number): UploadDependencies["commitOffset"] {
  const commits = new GroupCommit<{ readonly id: string; readonly committed: number }, number>(async (offsets) => {
    const updateMicros = nowMicros();
    await store.commitOffsets(offsets.map((offset) => ({ ...offset, updateMicros })));
    return offsets.map(() => updateMicros);
  }, maxOffsetsPerCommit);
  return (id, committed) => commits.add({ id, committed });
}
