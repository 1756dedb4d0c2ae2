import { ManualTimers } from "../../../client/shared/testing/manual-timers.ts";
import { StoreHealth } from "../../storage/store-health.ts";
import { SharedLimit } from "../../transport/protection/shared-limit.ts";
import { type AssembledUploads, assembleUploads, type UploadSettings } from "../assemble-uploads.ts";
import { SimulatedDisk } from "../file/testing/simulated-disk.ts";
import type { Hasher } from "../hash/hasher.ts";
import { ReadingHasher } from "../hash/testing/reading-hasher.ts";
import { MemoryUploadStore } from "../store/testing/memory-upload-store.ts";
import type { UploadStore } from "../store/upload-store.ts";

/** Settings for tests: small enough to be reached. */
const testSettings: UploadSettings = {
  maxFileBytes: 64 * 1024 * 1024,
  maxTotalBytes: 256 * 1024 * 1024,
  maxOpenUploads: 10,
  expiryMs: 3_600_000,
};

export interface TestUploadsOptions {
  readonly disk?: SimulatedDisk;
  readonly store?: UploadStore;
  readonly hasher?: Hasher;
  readonly settings?: Partial<UploadSettings>;
  readonly products?: readonly string[];
  /** Default: one client may use all. */
  readonly peerShare?: number;
}

export interface TestUploads extends AssembledUploads {
  readonly disk: SimulatedDisk;
  readonly store: UploadStore;
  readonly timers: ManualTimers;
  /** Failures of the disk that were told. */
  readonly failures: unknown[];
}

/** Uploads on a simulated disk, in a time that moves by hand. */
export async function openTestUploads(options: TestUploadsOptions = {}): Promise<TestUploads> {
  const { disk = new SimulatedDisk({ below: () => 0 }), store = new MemoryUploadStore() } = options;
  const timers = new ManualTimers();
  const failures: unknown[] = [];
  const health = new StoreHealth();
  health.onFailure((error) => failures.push(error));
  const opened = await assembleUploads({
    disk,
    store,
    hasher: options.hasher ?? new ReadingHasher(disk),
    inspect: async () => ({ contentType: "application/octet-stream" }),
    settings: { ...testSettings, ...options.settings },
    limit: (definition) => new SharedLimit(definition, { peerShare: options.peerShare }),
    timers,
    nowMicros: () => 1_790_000_000_000_000 + timers.now() * 1_000,
    productExists: async (id) => options.products?.includes(id) ?? false,
    health,
  });
  return { ...opened, disk, store, timers, failures };
}
