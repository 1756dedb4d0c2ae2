import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { appendFile, readFile, rename, rm, writeFile } from "node:fs/promises";
import { ExportFileError } from "./export-file-error.ts";

/** What makes one export another than another: its format and what it selects. */
export type ExportName = Readonly<Record<string, unknown>>;

/** A place in the file behind a whole line, and in the export. */
export interface Checkpoint {
  /** How many bytes of the file are before it. */
  readonly bytes: number;
  /** Their SHA-256, in hex. */
  readonly sha256: string;
  readonly received: number;
  readonly digest: string;
  /** In base64. Empty: nothing was received. */
  readonly token: string;
}

/** The longest journal that is read, in bytes: of an export of some 50 GB. */
const maxJournalBytes = 32 * 1024 * 1024;

const version = 1;

/**
 * The file FILE.part beside an export that is not complete: a line that names the export, and one for each checkpoint.
 * A line that is cut off or makes no sense counts as none.
 */
export class ExportJournal {
  readonly path: string;
  readonly #file: string;
  readonly #first: string;

  /** @param file the file of the export */
  constructor(file: string, name: ExportName) {
    this.path = `${file}.part`;
    this.#file = file;
    this.#first = JSON.stringify({ version, ...name });
  }

  /** Begins it anew, with these checkpoints. */
  async begin(checkpoints: readonly Checkpoint[] = []): Promise<void> {
    const lines = [this.#first, ...checkpoints.map((each) => JSON.stringify(each))];
    // Whoever has a token can read what it was given out for: only this user may read the journal.
    await rm(`${this.path}.new`, { force: true });
    await writeFile(`${this.path}.new`, `${lines.join("\n")}\n`, { mode: 0o600, flag: "wx" });
    await rename(`${this.path}.new`, this.path);
  }

  async add(checkpoint: Checkpoint): Promise<void> {
    await appendFile(this.path, `${JSON.stringify(checkpoint)}\n`);
  }

  async remove(): Promise<void> {
    await rm(this.path);
  }

  /**
   * The checkpoints up to the last one before which the file is what was written, the hash of what is before it, and the
   * size of the file. Throws an {@link ExportFileError} where the journal is of another export.
   */
  async intact(): Promise<{ checkpoints: Checkpoint[]; hash: Hash; size: number }> {
    const all = await this.#read();
    const hash = createHash("sha256");
    let [next, count, size, atLast] = [0, 0, 0, hash.copy()];
    for await (const piece of createReadStream(this.#file) as AsyncIterable<Buffer>) {
      let hashed = 0;
      for (let each = all[next]; each !== undefined && each.bytes <= size + piece.length; each = all[++next]) {
        hash.update(piece.subarray(hashed, each.bytes - size));
        hashed = each.bytes - size;
        if (hash.copy().digest("hex") === each.sha256) [count, atLast] = [next + 1, hash.copy()];
      }
      hash.update(piece.subarray(hashed));
      size += piece.length;
    }
    return { checkpoints: all.slice(0, count), hash: atLast, size };
  }

  async #read(): Promise<Checkpoint[]> {
    const bytes = await readFile(this.path);
    if (bytes.length > maxJournalBytes) {
      throw new ExportFileError(`${this.path} is too large to be read: begin anew with --overwrite`);
    }
    const [first, ...lines] = bytes.toString().split("\n");
    if (first !== this.#first) {
      throw new ExportFileError(
        `${this.path} is of another export, ${first}: export with the same flags, or begin anew with --overwrite`,
      );
    }
    const checkpoints: Checkpoint[] = [];
    for (const line of lines) {
      const checkpoint = parseCheckpoint(line);
      if (checkpoint !== undefined && checkpoint.bytes >= (checkpoints.at(-1)?.bytes ?? 0))
        checkpoints.push(checkpoint);
    }
    return checkpoints;
  }
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
