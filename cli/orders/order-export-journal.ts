import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { appendFile, readFile, rename, rm, writeFile } from "node:fs/promises";

/** An export cannot be written to its file. The message names the reason and the remedy. */
export class OrderExportFileError extends Error {
  override name = "OrderExportFileError";
}

/** Identifies an export: its format and its filter. */
export type ExportName = Readonly<Record<string, unknown>>;

/** A position in the export, and in the file: after a complete line. */
export interface Checkpoint {
  /** The offset in the file, in bytes. */
  readonly bytes: number;
  /** The SHA-256 of the bytes before the offset, in hex. */
  readonly sha256: string;
  /** The number of orders before the position. */
  readonly received: number;
  /** The running digest of those orders, in hex. */
  readonly digest: string;
  /** The resume token in base64. Empty before the first order. */
  readonly token: string;
}

/** The part of a file that is known to be correct. */
export interface VerifiedFile {
  /** The checkpoints that the content of the file confirms. */
  readonly checkpoints: readonly Checkpoint[];
  /** The running hash of the bytes before the last of them. */
  readonly hash: Hash;
  /** The size of the whole file, in bytes. */
  readonly size: number;
}

/** The longest journal that is read, in bytes. It is enough for an export of 50 GB. */
const maxJournalBytes = 32 * 1024 * 1024;

const version = 1;

/**
 * The file FILE.part beside an incomplete export. Its first line identifies the export, each further line is a
 * checkpoint. A truncated or invalid line is ignored.
 */
export class OrderExportJournal {
  readonly path: string;
  readonly #file: string;
  readonly #firstLine: string;

  /** @param file the file of the export */
  constructor(file: string, name: ExportName) {
    this.path = `${file}.part`;
    this.#file = file;
    this.#firstLine = JSON.stringify({ version, ...name });
  }

  /** Creates or replaces the journal, with these checkpoints. */
  async create(checkpoints: readonly Checkpoint[] = []): Promise<void> {
    const lines = [this.#firstLine, ...checkpoints.map((each) => JSON.stringify(each))];
    const draft = `${this.path}.new`;
    await rm(draft, { force: true });
    // A resume token gives access to the orders of the export, so only the user may read the journal.
    await writeFile(draft, `${lines.join("\n")}\n`, { mode: 0o600, flag: "wx" });
    await rename(draft, this.path);
  }

  async add(checkpoint: Checkpoint): Promise<void> {
    await appendFile(this.path, `${JSON.stringify(checkpoint)}\n`);
  }

  async remove(): Promise<void> {
    await rm(this.path);
  }

  /**
   * Verifies the file of the export by the hashes of its checkpoints. Throws an {@link OrderExportFileError} if the journal
   * belongs to another export.
   */
  async verify(): Promise<VerifiedFile> {
    const checkpoints = await this.#read();
    const hash = createHash("sha256");
    let verifiedHash = hash.copy();
    let verifiedCount = 0;
    let next = 0;
    let size = 0;
    for await (const piece of createReadStream(this.#file) as AsyncIterable<Buffer>) {
      let hashed = 0;
      for (; next < checkpoints.length; next++) {
        const checkpoint = checkpoints[next];
        if (checkpoint === undefined || checkpoint.bytes > size + piece.length) break;
        hash.update(piece.subarray(hashed, checkpoint.bytes - size));
        hashed = checkpoint.bytes - size;
        if (hash.copy().digest("hex") !== checkpoint.sha256) continue;
        verifiedCount = next + 1;
        verifiedHash = hash.copy();
      }
      hash.update(piece.subarray(hashed));
      size += piece.length;
    }
    return { checkpoints: checkpoints.slice(0, verifiedCount), hash: verifiedHash, size };
  }

  async #read(): Promise<Checkpoint[]> {
    const bytes = await readFile(this.path);
    if (bytes.length > maxJournalBytes) {
      throw new OrderExportFileError(
        `${this.path} has ${bytes.length} bytes, and the limit is ${maxJournalBytes}: start again with --overwrite`,
      );
    }
    const [first, ...lines] = bytes.toString().split("\n");
    if (first !== this.#firstLine) {
      throw new OrderExportFileError(
        `${this.path} is of another export, ${first}: use the same flags, or start again with --overwrite`,
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
