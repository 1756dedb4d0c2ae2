import type { Timers } from "../../../client/shared/timers.ts";
import type { StoreHealth } from "../../storage/store-health.ts";
import type { Peer, SharedLimit } from "../../transport/protection/shared-limit.ts";
import type { Disk, DiskFile } from "../file/disk.ts";
import type { Hasher } from "../hash/hasher.ts";
import type { ImageSize, UploadPhase, UploadRecord } from "../store/upload-record.ts";
import type { UploadStore } from "../store/upload-store.ts";
import type { UploadQuota } from "../upload-quota.ts";
import type { OffsetCommits } from "./offset-commits.ts";
import type { MachineLimits } from "./upload-machine.ts";

/** What all uploads share. */
export interface UploadDependencies {
  readonly disk: Disk;
  readonly store: UploadStore;
  readonly commits: OffsetCommits;
  readonly hasher: Hasher;
  readonly quota: UploadQuota;
  /** Bytes of chunks that wait for the ones before them. */
  readonly heldBytes: SharedLimit;
  readonly health: StoreHealth;
  readonly inspect: InspectFile;
  readonly limits: MachineLimits;
  readonly timers: Timers;
  readonly nowMicros: () => number;
}

/** Finds what a file is from its bytes. Never rejects for what the file has. */
export type InspectFile = (file: DiskFile, size: number, owner?: Peer) => Promise<FileNature>;

/** What a file is. */
export interface FileNature {
  /** A media type. */
  readonly contentType: string;
  /** Absent where it is no image that a thumbnail can be made of. */
  readonly image?: ImageSize;
}

/** An upload as it stands now: what is stored, with what is under way. */
export interface UploadView extends Omit<UploadRecord, "phase"> {
  readonly phase: UploadPhase;
}

/** The folder of files that are not complete. */
export const openFolder = "open";

/** The folder of complete files: what is in there with a row that says so is whole. */
export const completeFolder = "complete";

/** Both of them. */
export const uploadFolders = [openFolder, completeFolder] as const;

/** Where an upload's bytes are. Only its id is in the path: it is a UUID. */
export function pathOf(id: string, folder: typeof openFolder | typeof completeFolder): string {
  return `${folder}/${id}`;
}
