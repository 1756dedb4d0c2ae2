import { createHash, type Hash } from "node:crypto";
import { existsSync } from "node:fs";
import { type FileHandle, open, rm } from "node:fs/promises";
import type { ExportPosition } from "../client/order/export-orders.ts";
import { ExportFileError } from "./export-file-error.ts";
import { type Checkpoint, ExportJournal, type ExportName } from "./export-journal.ts";

/** How much is written between two checkpoints, in bytes: so much at most is fetched again after a break. */
export const checkpointBytes = 1024 * 1024;

/**
 * A file that an export is written to, with a journal beside it, FILE.part, for as long as the export is not complete.
 *
 * The journal tells places from which the export can go on, and the SHA-256 of what the file has up to each. A file that
 * was cut off, whose end was never written, or that was changed is cut back to the last place up to which it is intact:
 * so nothing has to be on the disk in any order, and what is kept is known to be right.
 */
export class ExportFile implements AsyncDisposable {
  /** Where to go on. Undefined: from the first order. */
  readonly from: ExportPosition | undefined;
  readonly #journal: ExportJournal;
  readonly #file: FileHandle;
  readonly #hash: Hash;
  readonly #step: number;
  #bytes: number;
  #position: ExportPosition | undefined;
  #checkpointAt: number;

  private constructor(journal: ExportJournal, file: FileHandle, hash: Hash, checkpoint: Checkpoint, step: number) {
    this.from = positionOf(checkpoint);
    this.#journal = journal;
    this.#file = file;
    this.#hash = hash;
    this.#step = step;
    this.#bytes = checkpoint.bytes;
    this.#position = this.from;
    this.#checkpointAt = checkpoint.bytes;
  }

  /**
   * Opens the file where an export of that name ended, or makes it. Throws an {@link ExportFileError} where there is
   * something else.
   *
   * @param header what a new file begins with
   * @param overwrite whether to begin anew whatever there is
   */
  static async open(
    path: string,
    name: ExportName,
    header: string,
    { overwrite = false, step = checkpointBytes }: { readonly overwrite?: boolean; readonly step?: number } = {},
  ): Promise<ExportFile> {
    const journal = new ExportJournal(path, name);
    if (overwrite || !existsSync(path)) return ExportFile.#begin(path, journal, header, step);
    if (!existsSync(journal.path)) {
      throw new ExportFileError(`${path} is there already, and is complete or something else: --overwrite replaces it`);
    }
    const { checkpoints, hash, size } = await journal.intact();
    const last = checkpoints.at(-1);
    if (last === undefined) {
      if (size <= Buffer.byteLength(header)) return ExportFile.#begin(path, journal, header, step);
      throw new ExportFileError(`${path} is not what ${journal.path} tells of: --overwrite replaces it`);
    }
    await journal.begin(checkpoints);
    const file = await open(path, "a");
    await file.truncate(last.bytes);
    return new ExportFile(journal, file, hash, last, step);
  }

  /** Appends whole lines, which is what the export has up to a position. */
  async write(text: string, position: ExportPosition): Promise<void> {
    await this.#append(text);
    this.#position = position;
    if (this.#bytes - this.#checkpointAt >= this.#step) await this.#check();
  }

  /** The export is complete: the file is on the disk, and the journal is gone. */
  async complete(): Promise<void> {
    await this.#file.sync();
    await this.#journal.remove();
    this.#checkpointAt = this.#bytes;
  }

  /** Closes the file. What is not complete can go on right behind what was written. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#bytes > this.#checkpointAt) await this.#check();
    await this.#file.close();
  }

  static async #begin(path: string, journal: ExportJournal, header: string, step: number): Promise<ExportFile> {
    await rm(path, { force: true });
    await journal.begin();
    const made = new ExportFile(journal, await open(path, "wx"), createHash("sha256"), nothing, step);
    await made.#append(header);
    await made.#check();
    return made;
  }

  async #append(text: string): Promise<void> {
    const bytes = Buffer.from(text);
    await this.#file.appendFile(bytes);
    this.#hash.update(bytes);
    this.#bytes += bytes.length;
  }

  async #check(): Promise<void> {
    const { token = new Uint8Array(), received = 0, digest = nothing.digest } = this.#position ?? {};
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

const nothing: Checkpoint = { bytes: 0, sha256: "", received: 0, digest: "0".repeat(64), token: "" };

function positionOf({ received, digest, token }: Checkpoint): ExportPosition | undefined {
  return token === "" ? undefined : { token: Buffer.from(token, "base64"), received, digest };
}
