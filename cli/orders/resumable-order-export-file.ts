import { createHash, type Hash } from "node:crypto";
import { existsSync } from "node:fs";
import { type FileHandle, open, rm } from "node:fs/promises";
import type { ExportPosition } from "../../client/order/export-orders.ts";
import { type Checkpoint, type ExportName, OrderExportFileError, OrderExportJournal } from "./order-export-journal.ts";

/** The distance between two checkpoints, in bytes. At most this number of bytes is exported again after a failure. */
export const checkpointBytes = 1024 * 1024;

/**
 * The file of an export. An {@link OrderExportJournal} is beside it while the export is incomplete.
 *
 * When an export is resumed, the file is truncated to its last correct checkpoint: a truncated file, lost writes and
 * changed bytes are detected by the hashes in the journal. So nothing must be synced in a particular order.
 */
export class ResumableOrderExportFile implements AsyncDisposable {
  /** The position to resume from. Undefined: the export starts with the first order. */
  readonly from: ExportPosition | undefined;
  readonly #journal: OrderExportJournal;
  readonly #file: FileHandle;
  readonly #hash: Hash;
  readonly #step: number;
  #bytes: number;
  #position: ExportPosition | undefined;
  #checkpointAt: number;

  private constructor(journal: OrderExportJournal, file: FileHandle, hash: Hash, checkpoint: Checkpoint, step: number) {
    this.from = toPosition(checkpoint);
    this.#journal = journal;
    this.#file = file;
    this.#hash = hash;
    this.#step = step;
    this.#bytes = checkpoint.bytes;
    this.#position = this.from;
    this.#checkpointAt = checkpoint.bytes;
  }

  /**
   * Opens the file of an incomplete export, or creates it. Throws an {@link OrderExportFileError} if the file is something
   * else.
   *
   * @param header the first text of a new file
   * @param overwrite whether to replace an existing file
   */
  static async open(
    path: string,
    name: ExportName,
    header: string,
    { overwrite = false, step = checkpointBytes }: { readonly overwrite?: boolean; readonly step?: number } = {},
  ): Promise<ResumableOrderExportFile> {
    const journal = new OrderExportJournal(path, name);
    if (overwrite || !existsSync(path)) return ResumableOrderExportFile.#create(path, journal, header, step);
    if (!existsSync(journal.path)) {
      throw new OrderExportFileError(`${path} exists, and is not an incomplete export: --overwrite replaces it`);
    }
    const { checkpoints, hash, size } = await journal.verify();
    const last = checkpoints.at(-1);
    if (last === undefined) {
      if (size <= Buffer.byteLength(header)) return ResumableOrderExportFile.#create(path, journal, header, step);
      throw new OrderExportFileError(`${path} is not the file that ${journal.path} describes: --overwrite replaces it`);
    }
    await journal.create(checkpoints);
    const file = await open(path, "a");
    await file.truncate(last.bytes);
    return new ResumableOrderExportFile(journal, file, hash, last, step);
  }

  /**
   * Appends complete lines.
   *
   * @param position the position of the export after the lines
   */
  async write(text: string, position: ExportPosition): Promise<void> {
    await this.#append(text);
    this.#position = position;
    if (this.#bytes - this.#checkpointAt >= this.#step) await this.#addCheckpoint();
  }

  /** Ends a complete export: syncs the file, and removes the journal. */
  async complete(): Promise<void> {
    await this.#file.sync();
    await this.#journal.remove();
    this.#checkpointAt = this.#bytes;
  }

  /** Closes the file. An incomplete export gets a checkpoint at the end of the file. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#bytes > this.#checkpointAt) await this.#addCheckpoint();
    await this.#file.close();
  }

  static async #create(
    path: string,
    journal: OrderExportJournal,
    header: string,
    step: number,
  ): Promise<ResumableOrderExportFile> {
    await rm(path, { force: true });
    await journal.create();
    const created = new ResumableOrderExportFile(
      journal,
      await open(path, "wx"),
      createHash("sha256"),
      emptyCheckpoint,
      step,
    );
    await created.#append(header);
    await created.#addCheckpoint();
    return created;
  }

  async #append(text: string): Promise<void> {
    const bytes = Buffer.from(text);
    await this.#file.appendFile(bytes);
    this.#hash.update(bytes);
    this.#bytes += bytes.length;
  }

  async #addCheckpoint(): Promise<void> {
    const { token = new Uint8Array(), received = 0, digest = emptyCheckpoint.digest } = this.#position ?? {};
    await this.#journal.add({
      bytes: this.#bytes,
      sha256: this.#hash.copy().digest("hex"),
      received,
      digest,
      token: Buffer.from(token).toString("base64"),
    });
    this.#checkpointAt = this.#bytes;
  }
}

const emptyCheckpoint: Checkpoint = { bytes: 0, sha256: "", received: 0, digest: "0".repeat(64), token: "" };

function toPosition({ received, digest, token }: Checkpoint): ExportPosition | undefined {
  return token === "" ? undefined : { token: Buffer.from(token, "base64"), received, digest };
}
