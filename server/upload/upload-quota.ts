import type { LimitError } from "../transport/protection/limit-error.ts";
import type { Peer, SharedLimit } from "../transport/protection/shared-limit.ts";

/** The limits that the quota enforces, which clients share. */
export interface QuotaLimits {
  /** Bytes of all uploads: stored ones, and bytes that are reserved for open uploads. */
  readonly bytes: SharedLimit;
  /** Open uploads. */
  readonly open: SharedLimit;
}

/**
 * The part of its announced size that an open upload reserves. Small, so that a client that announces much and sends
 * nothing does not use up the quota.
 */
const reservedShare = 1 / 1_000;

/**
 * The minimum reservation of an upload, in bytes, unless its announced size is smaller: one chunk, so that it can
 * begin.
 */
export const minReservedBytes = 512 * 1024;

/** The maximum reservation of an upload, in bytes. */
export const maxReservedBytes = 64 * 1024 * 1024;

/** The bytes that an open upload reserves, by its announced size; 0 if it announces none. */
export function reservedBytes(size: number | undefined): number {
  if (size === undefined) return 0;
  const part = Math.ceil(size * reservedShare);
  return Math.min(size, maxReservedBytes, Math.max(minReservedBytes, part));
}

/** Why an upload does not fit into the quota. The message is for the client. */
export type QuotaRefusal = { readonly reason: "QUOTA" | "TOO_MANY"; readonly message: string };

/** An open upload: the client that started it, and the bytes that it counts. */
interface OpenUpload {
  readonly owner: Peer;
  readonly bytes: number;
}

/**
 * Counts the bytes and the open uploads of each client. A complete upload counts its size. An open upload counts its
 * received bytes, and at least the {@link reservedBytes} of its announced size.
 */
export class UploadQuota {
  readonly #limits: QuotaLimits;
  readonly #open = new Map<string, OpenUpload>();

  constructor(limits: QuotaLimits) {
    this.#limits = limits;
  }

  /** The limits with their current use. */
  get limits(): QuotaLimits {
    return this.#limits;
  }

  /**
   * Counts a new upload, or returns why it does not fit. All of the announced size must fit now, although only a part of
   * it is reserved.
   */
  open(id: string, owner: Peer, size: number | undefined): QuotaRefusal | undefined {
    const { bytes, open } = this.#limits;
    const tooMany = open.refusal(owner);
    if (tooMany !== undefined) return { reason: "TOO_MANY", message: tooMany.message };
    const tooLarge = bytes.refusal(owner, size ?? 0);
    if (tooLarge !== undefined) return quotaRefusal(tooLarge, "start the upload again when there is space");
    this.load(id, owner, reservedBytes(size));
    return undefined;
  }

  /** Counts a stored open upload, even beyond the limits. */
  load(id: string, owner: Peer, bytes: number): void {
    this.#open.set(id, { owner, bytes });
    this.#limits.open.count(owner);
    this.#limits.bytes.count(owner, bytes);
  }

  /** Counts a stored complete upload, even beyond the limits. */
  loadComplete(owner: Peer, bytes: number): void {
    this.#limits.bytes.count(owner, bytes);
  }

  /**
   * Counts `bytes` in total for an open upload, or returns why they do not fit and changes nothing. Does nothing if at
   * least as many are counted already.
   */
  grow(id: string, bytes: number): QuotaRefusal | undefined {
    const upload = this.#open.get(id);
    const more = bytes - (upload?.bytes ?? 0);
    if (upload === undefined || more <= 0) return undefined;
    const tooLarge = this.#limits.bytes.refusal(upload.owner, more);
    if (tooLarge !== undefined) {
      return quotaRefusal(tooLarge, "committed bytes are kept: resume when there is space");
    }
    this.#limits.bytes.count(upload.owner, more);
    this.#open.set(id, { ...upload, bytes });
    return undefined;
  }

  /** Counts an open upload as complete, with its size in bytes. */
  complete(id: string, bytes: number): void {
    const owner = this.#open.get(id)?.owner;
    this.remove(id);
    this.loadComplete(owner, bytes);
  }

  /** Removes an open upload. Does nothing if it is not counted as open. */
  remove(id: string): void {
    const upload = this.#open.get(id);
    if (upload === undefined) return;
    this.#open.delete(id);
    this.#limits.open.remove(upload.owner);
    this.#limits.bytes.remove(upload.owner, upload.bytes);
  }

  /** Removes a complete upload. */
  removeComplete(owner: Peer, bytes: number): void {
    this.#limits.bytes.remove(owner, bytes);
  }
}

function quotaRefusal({ message }: LimitError, advice: string): QuotaRefusal {
  return { reason: "QUOTA", message: `${message}; ${advice}` };
}
