import { createHash } from "node:crypto";
import type { Code } from "@connectrpc/connect";
import { ManualTimers } from "../../../client/shared/testing/manual-timers.ts";
import type { UploadProblemReason as Reason } from "../../../gen/bourse/upload/v1/upload_pb.ts";
import { toConnectError } from "../../shared/to-connect-error.ts";
import { StoreHealth } from "../../storage/store-health.ts";
import { SharedLimit } from "../../transport/protection/shared-limit.ts";
import { type ComposedUploads, composeUploads, type UploadSettings } from "../compose-uploads.ts";
import { sweepIntervalMs } from "../expiry-sweep.ts";
import { SimulatedDisk } from "../file/testing/simulated-disk.ts";
import type { Hasher } from "../hash/hasher.ts";
import { ReadingHasher } from "../hash/testing/reading-hasher.ts";
import { MemoryUploadStore } from "../store/testing/memory-upload-store.ts";
import type { FileMetadata } from "../store/upload-record.ts";
import type { UploadStore } from "../store/upload-store.ts";
import { UploadError } from "../upload-errors.ts";

/** The upload of most tests. */
export const id = "3f1c4bf0-7c58-4b0e-9a55-3a2f0f6f4b11";

/** The id of a product, and of a second upload. */
export const productId = "5b0c1f0e-7c58-4b0e-9a55-3a2f0f6f4b22";

export const metadata: FileMetadata = { id, fileName: "a.bin", productId: "" };
export const hello = Buffer.from("hello, world");
export const helloHash = sha256(hello);

/** The id of one of many uploads. */
export function idOf(index: number): string {
  return `3f1c4bf0-7c58-4b0e-9a55-${String(index).padStart(12, "0")}`;
}

/** Settings with limits that tests can reach. */
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
  /** The share of each limit that one client may use. Default: 1. */
  readonly peerShare?: number;
}

export interface TestUploads extends ComposedUploads {
  readonly disk: SimulatedDisk;
  readonly store: UploadStore;
  readonly timers: ManualTimers;
  /** The failures that made the store read-only. */
  readonly failures: unknown[];
}

/** Opens uploads on a simulated disk, with a manual clock. */
export async function openTestUploads(options: TestUploadsOptions = {}): Promise<TestUploads> {
  const { disk = new SimulatedDisk({ below: () => 0 }), store = new MemoryUploadStore() } = options;
  const timers = new ManualTimers();
  const failures: unknown[] = [];
  const health = new StoreHealth();
  health.onFailure((error) => failures.push(error));
  const opened = await composeUploads({
    disk,
    store,
    hasher: options.hasher ?? new ReadingHasher(disk),
    detectType: async () => ({ contentType: "application/octet-stream" }),
    settings: { ...testSettings, ...options.settings },
    limit: (definition) => new SharedLimit(definition, { peerShare: options.peerShare }),
    timers,
    nowMicros: () => 1_790_000_000_000_000 + timers.now() * 1_000,
    productExists: async (id) => options.products?.includes(id) ?? false,
    health,
  });
  return { ...opened, disk, store, timers, failures };
}

/** Sends a chunk of the upload {@link id}. */
export function send({ uploads }: TestUploads, generation: number, offset: number, text: string): Promise<number> {
  return uploads.writeChunk(id, { generation, offset, data: Buffer.from(text) });
}

/** Resolves to the reason, code, committed offset and message of an UploadError. Throws if there is no error. */
export async function refusal(call: Promise<unknown>): Promise<[Reason, Code, bigint, string]> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof UploadError)) throw new Error("the request was not refused", { cause: error });
  const { code } = toConnectError(error) as { code: Code };
  return [error.detail.reason, code, error.detail.committedOffset, error.message];
}

/** Creates a disk whose operations fail with a system error code if `fails` returns true. */
export function failingDisk(fails: (name: string) => boolean, code: string): SimulatedDisk {
  const onOperation = (name: string) => {
    if (fails(name)) throw Object.assign(new Error(code), { code });
  };
  return new SimulatedDisk({ below: () => 0, onOperation });
}

/** Runs all tasks that do not wait for a timer. */
export async function runPending(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

/** Advances the clock in steps of a sweep interval, and runs the sweeps. */
export async function advance({ timers }: TestUploads, millis: number): Promise<void> {
  for (let passed = 0; passed < millis; passed += sweepIntervalMs) {
    timers.advance(sweepIntervalMs);
    await runPending();
    await runPending();
  }
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
