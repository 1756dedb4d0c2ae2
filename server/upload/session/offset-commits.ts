import { GroupCommit } from "../../storage/group-commit.ts";
import type { UploadStore } from "../store/upload-store.ts";

interface Offset {
  readonly id: string;
  readonly committed: number;
}

/** Each upload has one commit under way at most: there are never more at once than open uploads. */
const maxOffsetsPerCommit = Number.POSITIVE_INFINITY;

/**
 * Writes the offsets of all uploads that are ready in one transaction: the disk is flushed as often for many uploads as
 * for one.
 */
export class OffsetCommits {
  readonly #offsets: GroupCommit<Offset, number>;

  constructor(store: UploadStore, nowMicros: () => number) {
    this.#offsets = new GroupCommit(async (offsets) => {
      const updateMicros = nowMicros();
      await store.commitOffsets(offsets.map((offset) => ({ ...offset, updateMicros })));
      return offsets.map(() => updateMicros);
    }, maxOffsetsPerCommit);
  }

  /** Resolves when the offset is on the disk, to the time that the row has then, in microseconds since 1970. */
  commit(id: string, committed: number): Promise<number> {
    return this.#offsets.add({ id, committed });
  }
}
