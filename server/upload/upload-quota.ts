import type { LimitError } from "../transport/protection/limit-error.ts";
import type { Peer, SharedLimit } from "../transport/protection/shared-limit.ts";

/** What the store of uploads may hold. */
export interface UploadQuotaLimits {
  /** All uploads together, what is reserved for open ones included. */
  readonly maxTotalBytes: number;
  readonly maxOpenUploads: number;
}

/** The limits on uploads, as clients share them. */
export interface SharedUploadLimits {
  /** Bytes of all uploads: what is stored, and what is reserved. */
  readonly bytes: SharedLimit;
  /** Uploads that are open. */
  readonly open: SharedLimit;
}

/** What part of its announced size an open upload reserves: a client keeps from others only what it has sent. */
const reservedShare = 1 / 1_000;

/** What an upload reserves at least, or its announced size if that is less: a chunk, so that it can begin. */
export const minReservedBytes = 512 * 1024;

/** What an upload reserves at most, in bytes, whatever it announces. */
export const maxReservedBytes = 64 * 1024 * 1024;

/** How many bytes an open upload of an announced size reserves, until as many are stored; 0 if it announces none. */
export function reservedBytes(size: number | undefined): number {
  if (size === undefined) return 0;
  const part = Math.ceil(size * reservedShare);
  return Math.min(size, maxReservedBytes, Math.max(minReservedBytes, part));
}

/** Why an upload does not fit into the quota. The message is for the client. */
export type QuotaRefusal = { readonly problem: "QUOTA" | "TOO_MANY"; readonly message: string };

/** An open upload: the client that started it, and the bytes that it counts. */
interface OpenUpload {
  readonly owner: Peer;
  readonly bytes: number;
}

/**
 * Keeps count of what uploads take, by the clients that started them. A complete upload counts its size; an open one what
 * has come of it, and at least what it reserves: {@link reservedBytes} of the size that it has announced.
 */
export class UploadQuota {
  readonly #limits: SharedUploadLimits;
  readonly #open = new Map<string, OpenUpload>();

  constructor(limits: SharedUploadLimits) {
    this.#limits = limits;
  }

  /** The limits, and what is used of them. */
  get limits(): SharedUploadLimits {
    return this.#limits;
  }

  /**
   * Counts a new upload, or returns why it does not fit: all of the announced size must fit in what is free now,
   * though only a part of it is reserved.
   */
  open(id: string, owner: Peer, size: number | undefined): QuotaRefusal | undefined {
    const { bytes, open } = this.#limits;
    const tooMany = open.refusal(owner);
    if (tooMany !== undefined) return { problem: "TOO_MANY", message: tooMany.message };
    const noRoom = bytes.refusal(owner, size ?? 0);
    if (noRoom !== undefined) return quotaRefusal(noRoom);
    this.load(id, owner, reservedBytes(size));
    return undefined;
  }

  /** Counts an open upload that is there already, whatever the limits. */
  load(id: string, owner: Peer, bytes: number): void {
    this.#open.set(id, { owner, bytes });
    this.#limits.open.count(owner);
    this.#limits.bytes.count(owner, bytes);
  }

  /** Counts a complete upload that is there already, whatever the limits. */
  loadComplete(owner: Peer, bytes: number): void {
    this.#limits.bytes.count(owner, bytes);
  }

  /** An open upload will have so many bytes. Returns why it may not, if they do not fit; it counts as before then. */
  grow(id: string, bytes: number): QuotaRefusal | undefined {
    const upload = this.#open.get(id);
    const more = bytes - (upload?.bytes ?? 0);
    if (upload === undefined || more <= 0) return undefined;
    const noRoom = this.#limits.bytes.refusal(upload.owner, more);
    if (noRoom !== undefined) return quotaRefusal(noRoom);
    this.#limits.bytes.count(upload.owner, more);
    this.#open.set(id, { ...upload, bytes });
    return undefined;
  }

  /** An open upload is complete with so many bytes. */
  complete(id: string, bytes: number): void {
    const owner = this.#open.get(id)?.owner;
    this.remove(id);
    this.loadComplete(owner, bytes);
  }

  /** An open upload is gone. Does nothing if it is not counted as open. */
  remove(id: string): void {
    const upload = this.#open.get(id);
    if (upload === undefined) return;
    this.#open.delete(id);
    this.#limits.open.remove(upload.owner);
    this.#limits.bytes.remove(upload.owner, upload.bytes);
  }

  /** A complete upload is gone. */
  removeComplete(owner: Peer, bytes: number): void {
    this.#limits.bytes.remove(owner, bytes);
  }
}

function quotaRefusal({ message }: LimitError): QuotaRefusal {
  return { problem: "QUOTA", message: `${message}; what is committed stays: resume when there is room` };
}
