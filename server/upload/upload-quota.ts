/** What the store of uploads may hold. */
export interface UploadQuotaLimits {
  /** All uploads together, what is reserved for open ones included. */
  readonly maxTotalBytes: number;
  readonly maxOpenUploads: number;
}

/** Why an upload has no place: a sentence for the client. */
export type QuotaRefusal = { readonly problem: "QUOTA" | "TOO_MANY"; readonly message: string };

/** Keeps count of what uploads take: open ones what they have announced, or what has come of them; complete ones their size. */
export class UploadQuota {
  readonly limits: UploadQuotaLimits;
  readonly #open = new Map<string, number>();
  #totalBytes = 0;

  constructor(limits: UploadQuotaLimits) {
    this.limits = limits;
  }

  get totalBytes(): number {
    return this.#totalBytes;
  }

  get openCount(): number {
    return this.#open.size;
  }

  /** Makes room for a new upload, or says why there is none. */
  open(id: string, bytes: number): QuotaRefusal | undefined {
    const { maxOpenUploads } = this.limits;
    if (this.#open.size >= maxOpenUploads) {
      const message = `${this.#open.size} uploads are open, and ${maxOpenUploads} may be: finish or abort others first`;
      return { problem: "TOO_MANY", message };
    }
    const refusal = this.#refuse(bytes);
    if (refusal === undefined) this.load(id, bytes);
    return refusal;
  }

  /** Counts an open upload that is there already, whatever the limits. */
  load(id: string, bytes: number): void {
    this.#open.set(id, bytes);
    this.#totalBytes += bytes;
  }

  /** An open upload will have so many bytes. Says why not, if there is no room. */
  grow(id: string, bytes: number): QuotaRefusal | undefined {
    const more = bytes - (this.#open.get(id) ?? 0);
    if (more <= 0) return undefined;
    const refusal = this.#refuse(more);
    if (refusal !== undefined) return refusal;
    this.#open.set(id, bytes);
    this.#totalBytes += more;
    return undefined;
  }

  /** An open upload is complete with so many bytes. */
  complete(id: string, bytes: number): void {
    this.remove(id, 0);
    this.#totalBytes += bytes;
  }

  /** An upload is gone, an open one, or a complete one of so many bytes. */
  remove(id: string, completeBytes: number): void {
    const open = this.#open.get(id);
    this.#totalBytes -= open ?? completeBytes;
    this.#open.delete(id);
  }

  #refuse(bytes: number): QuotaRefusal | undefined {
    const { maxTotalBytes } = this.limits;
    if (this.#totalBytes + bytes <= maxTotalBytes) return undefined;
    const message = `the store has no room for ${bytes} bytes more: ${this.#totalBytes} of its ${maxTotalBytes} bytes are taken; abort other uploads, or come back when there is room`;
    return { problem: "QUOTA", message };
  }
}
