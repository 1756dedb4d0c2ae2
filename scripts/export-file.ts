import { createHash, type Hash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { appendFile, type FileHandle, open, readFile, rename, rm, writeFile } from "node:fs/promises";
import type { ExportPosition } from "../client/export-orders.ts";

/** What makes one export another than another: its format and what it selects. */
export type ExportName = Readonly<Record<string, unknown>>;

/** An export cannot be written to its file. The message says why, and what to do. */
export class ExportFileError extends Error {
  override name = "ExportFileError";
}

/** How much is written between two checkpoints, in bytes: so much at most is fetched again after a break. */
export const checkpointBytes = 1024 * 1024;

/** The longest journal that is read, in bytes: of an export of some 50 GB. */
const maxJournalBytes = 32 * 1024 * 1024;

/** A place in the file behind a whole line, and in the export. */
interface Checkpoint {
  /** How many bytes of the file are before it. */
  readonly bytes: number;
  /** Their SHA-256, in hex. */
  readonly sha256: string;
  readonly received: number;
  readonly digest: string;
  /** In base64. Empty: nothing was received. */
  readonly token: string;
}

/**
 * A file that an export is written to, with a journal beside it, FILE.part, for as long as the export is not complete.
 *
 * The journal tells places from which the export can go on, and the SHA-256 of what the file has up to each. A file that
 * was cut off, whose end was never written, or that was changed is cut back to the last place up to which it is intact:
 * so nothing has to be on the disk in any order, and what is kept is known to be right.
 */
export class ExportFile implements AsyncDisposable {
  readonly path: string;
  /** Where to go on. Undefined: from the first order. */
  readonly from: ExportPosition | undefined;
  readonly #file: FileHandle;
  readonly #hash: Hash;
  readonly #checkpointBytes: number;
  #bytes: number;
  #position: ExportPosition | undefined;
  #checkpointAt: number;

  private constructor(path: string, file: FileHandle, hash: Hash, checkpoint: Checkpoint, step: number) {
    this.path = path;
    this.from = positionOf(checkpoint);
    this.#file = file;
    this.#hash = hash;
    this.#checkpointBytes = step;
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
    const [hasFile, hasJournal] = [existsSync(path), existsSync(journalOf(path))];
    if (hasFile && !hasJournal && !overwrite) {
      throw new ExportFileError(`${path} is there already, and is complete or something else: --overwrite replaces it`);
    }
    if (hasFile && hasJournal && !overwrite) return ExportFile.#goOn(path, name, header, step);
    return ExportFile.#begin(path, name, header, step);
  }

  /** Appends whole lines, which is what the export has up to a position. */
  async write(text: string, position: ExportPosition): Promise<void> {
    await this.#append(text);
    this.#position = position;
    if (this.#bytes - this.#checkpointAt >= this.#checkpointBytes) await this.#check();
  }

  /** The export is complete: the file is on the disk, and the journal is gone. */
  async complete(): Promise<void> {
    await this.#file.sync();
    await rm(journalOf(this.path));
    this.#checkpointAt = this.#bytes;
  }

  /** Closes the file. What is not complete can go on right behind what was written. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#bytes > this.#checkpointAt) await this.#check();
    await this.#file.close();
  }

  static async #begin(path: string, name: ExportName, header: string, step: number): Promise<ExportFile> {
    await rm(path, { force: true });
    await writeFile(journalOf(path), `${firstLine(name)}\n`);
    const file = await open(path, "wx");
    const made = new ExportFile(path, file, createHash("sha256"), nothing, step);
    await made.#append(header);
    await made.#check();
    return made;
  }

  static async #goOn(path: string, name: ExportName, header: string, step: number): Promise<ExportFile> {
    const { first, checkpoints } = await readJournal(path);
    if (first !== firstLine(name)) {
      throw new ExportFileError(
        `${journalOf(path)} is of another export, ${first}: export with the same flags, or begin anew with --overwrite`,
      );
    }
    const { intact, hash, size } = await lastIntact(path, checkpoints);
    const last = intact.at(-1);
    if (last === undefined) {
      if (size <= Buffer.byteLength(header)) return ExportFile.#begin(path, name, header, step);
      throw new ExportFileError(`${path} is not what ${journalOf(path)} tells of: --overwrite replaces it`);
    }
    await writeFile(`${journalOf(path)}.new`, [first, ...intact.map((each) => JSON.stringify(each)), ""].join("\n"));
    await rename(`${journalOf(path)}.new`, journalOf(path));
    const file = await open(path, "a");
    await file.truncate(last.bytes);
    return new ExportFile(path, file, hash, last, step);
  }

  async #append(text: string): Promise<void> {
    const bytes = Buffer.from(text);
    await this.#file.appendFile(bytes);
    this.#hash.update(bytes);
    this.#bytes += bytes.length;
  }

  async #check(): Promise<void> {
    const { token = new Uint8Array(), received = 0, digest = nothing.digest } = this.#position ?? {};
    const checkpoint: Checkpoint = {
      bytes: this.#bytes,
      sha256: this.#hash.copy().digest("hex"),
      received,
      digest,
      token: Buffer.from(token).toString("base64"),
    };
    await appendFile(journalOf(this.path), `${JSON.stringify(checkpoint)}\n`);
    this.#checkpointAt = this.#bytes;
  }
}

const version = 1;

const nothing: Checkpoint = { bytes: 0, sha256: "", received: 0, digest: "0".repeat(64), token: "" };

function journalOf(path: string): string {
  return `${path}.part`;
}

function positionOf({ received, digest, token }: Checkpoint): ExportPosition | undefined {
  return token === "" ? undefined : { token: Buffer.from(token, "base64"), received, digest };
}

function firstLine(name: ExportName): string {
  return JSON.stringify({ version, ...name });
}

/** Lines that make no sense, as a last one that was cut off, are left out. */
async function readJournal(path: string): Promise<{ first: string; checkpoints: Checkpoint[] }> {
  const bytes = await readFile(journalOf(path));
  if (bytes.length > maxJournalBytes) {
    throw new ExportFileError(`${journalOf(path)} is too large to be read: begin anew with --overwrite`);
  }
  const [first = "", ...lines] = bytes.toString().split("\n");
  const checkpoints: Checkpoint[] = [];
  for (const line of lines) {
    const checkpoint = parseCheckpoint(line);
    if (checkpoint !== undefined && checkpoint.bytes >= (checkpoints.at(-1)?.bytes ?? 0)) checkpoints.push(checkpoint);
  }
  return { first, checkpoints };
}

function parseCheckpoint(line: string): Checkpoint | undefined {
  try {
    const { bytes, sha256, received, digest, token } = JSON.parse(line);
    if (![bytes, received].every((each) => Number.isSafeInteger(each) && each >= 0)) return undefined;
    if (![sha256, digest].every((each) => /^[0-9a-f]{64}$/.test(each)) || typeof token !== "string") return undefined;
    return { bytes, sha256, received, digest, token };
  } catch {
    return undefined;
  }
}

/** The checkpoints up to the last one before which the file is what was written, and the hash of what is before it. */
async function lastIntact(path: string, checkpoints: readonly Checkpoint[]) {
  const hash = createHash("sha256");
  let [next, count, size, atLast] = [0, 0, 0, hash.copy()];
  for await (const piece of createReadStream(path) as AsyncIterable<Buffer>) {
    let hashed = 0;
    for (let each = checkpoints[next]; each !== undefined && each.bytes <= size + piece.length; ) {
      hash.update(piece.subarray(hashed, each.bytes - size));
      hashed = each.bytes - size;
      next++;
      if (hash.copy().digest("hex") === each.sha256) [count, atLast] = [next, hash.copy()];
      each = checkpoints[next];
    }
    hash.update(piece.subarray(hashed));
    size += piece.length;
  }
  return { intact: checkpoints.slice(0, count), hash: atLast, size };
}
