import { AlreadyExistsError } from "../../../shared/api-resource-errors.ts";
import type { StoredPhase, UploadRecord } from "../upload-record.ts";
import type { CommittedOffset, UploadPage, UploadQuery, UploadStore } from "../upload-store.ts";

/** Stores uploads in memory. The rows survive a simulated crash: tests pass the store to the next server. */
export class MemoryUploadStore implements UploadStore {
  readonly #rows = new Map<string, { readonly sequence: bigint; record: UploadRecord }>();
  #sequence = 0n;

  async insert(record: UploadRecord): Promise<void> {
    if (this.#rows.has(record.id)) throw new AlreadyExistsError("upload", record.id);
    this.#rows.set(record.id, { sequence: ++this.#sequence, record });
  }

  async get(id: string): Promise<UploadRecord | undefined> {
    return this.#rows.get(id)?.record;
  }

  async update(record: UploadRecord): Promise<void> {
    const row = this.#rows.get(record.id);
    if (row === undefined) return;
    row.record = { ...record, committed: Math.max(record.committed, row.record.committed) };
  }

  async commitOffsets(offsets: readonly CommittedOffset[]): Promise<void> {
    for (const { id, committed, updateMicros } of offsets) {
      const row = this.#rows.get(id);
      if (row === undefined || row.record.phase !== "open" || row.record.committed >= committed) continue;
      row.record = { ...row.record, committed, updateMicros };
    }
  }

  async remove(id: string): Promise<void> {
    this.#rows.delete(id);
  }

  async list({ phases, productId, limit, before }: UploadQuery): Promise<UploadPage> {
    const rows = [...this.#rows.values()]
      .filter(({ record }) => phases.length === 0 || phases.includes(record.phase))
      .filter(({ record }) => productId === "" || record.productId === productId)
      .filter(({ sequence }) => before === undefined || sequence < before)
      .reverse();
    const page = rows.slice(0, limit);
    return {
      records: page.map(({ record }) => record),
      ...(rows.length > limit && { next: page.at(-1)?.sequence }),
    };
  }

  async imagesOf(productIds: readonly string[], limit: number): Promise<UploadRecord[]> {
    const images = [...this.#rows.values()]
      .map(({ record }) => record)
      .filter(({ phase, image }) => phase === "complete" && image !== undefined);
    return productIds.flatMap((id) => images.filter(({ productId }) => productId === id).slice(0, limit));
  }

  async *all(): AsyncIterable<readonly UploadRecord[]> {
    if (this.#rows.size > 0) yield [...this.#rows.values()].map(({ record }) => record);
  }

  async unchangedSince(
    phases: readonly StoredPhase[],
    beforeMicros: number,
    limit: number,
    which: "any" | "empty" = "any",
  ): Promise<UploadRecord[]> {
    return [...this.#rows.values()]
      .map(({ record }) => record)
      .filter(({ phase, updateMicros }) => phases.includes(phase) && updateMicros < beforeMicros)
      .filter(({ committed }) => which === "any" || committed === 0)
      .sort((a, b) => a.updateMicros - b.updateMicros)
      .slice(0, limit);
  }
}
