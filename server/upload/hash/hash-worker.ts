import { createHash, type Hash } from "node:crypto";
import { closeSync, constants, openSync, readSync } from "node:fs";
import { setPriority } from "node:os";
import { parentPort } from "node:worker_threads";

/** What the thread is told. Paths are absolute. */
export type HashRequest =
  | { readonly kind: "advance"; readonly id: string; readonly path: string; readonly end: number }
  | {
      readonly kind: "digest";
      readonly id: string;
      readonly path: string;
      readonly end: number;
      readonly ticket: number;
    }
  | { readonly kind: "forget"; readonly id: string };

/** What the thread answers to `digest`. */
export type HashReply = { readonly ticket: number } & ({ readonly sha256: string } | { readonly error: string });

/** How much is read and counted before another file has its turn, about half a millisecond. */
const sliceBytes = 1024 * 1024;

/** How many files' hashes are kept between chunks. One that was let go of is counted anew from its beginning. */
const maxKeptHashes = 1_000;

/** As `nice` counts: a thread of priority 0 gets nine times as much of a core that both want. */
const hashPriority = 10;

interface Counting {
  path: string;
  readonly hash: Hash;
  at: number;
  end: number;
  readonly asked: { readonly ticket: number; readonly end: number }[];
}

/** The oldest use first. */
const files = new Map<string, Counting>();
const slice = Buffer.allocUnsafeSlow(sliceBytes);
let running = false;

// Where there is one core, what comes in and goes out goes first. On Linux that is about this thread alone.
if (process.platform === "linux") setPriority(0, hashPriority);

parentPort?.on("message", (request: HashRequest) => {
  if (request.kind === "forget") {
    fail(request.id, "the upload is gone");
    return;
  }
  const { id, path, end } = request;
  const file = files.get(id) ?? { path, hash: createHash("sha256"), at: 0, end: 0, asked: [] };
  file.path = path;
  file.end = Math.max(file.end, end);
  if (request.kind === "digest") file.asked.push({ ticket: request.ticket, end });
  files.delete(id);
  files.set(id, file);
  letGoOfOldest();
  if (!running) {
    running = true;
    run();
  }
});

/** Each file that is behind has a slice in turn; messages are taken between rounds. */
function run(): void {
  let behind = false;
  for (const [id, file] of files) {
    try {
      if (file.at < file.end) readSlice(file);
      behind ||= file.at < file.end;
      answer(file);
    } catch (error) {
      fail(id, error instanceof Error ? error.message : String(error));
    }
  }
  if (behind) setImmediate(run);
  else running = false;
}

function readSlice(file: Counting): void {
  const descriptor = openSync(file.path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const length = readSync(descriptor, slice, 0, Math.min(sliceBytes, file.end - file.at), file.at);
    if (length === 0) throw new Error(`the file ends at ${file.at}, before ${file.end}`);
    file.hash.update(slice.subarray(0, length));
    file.at += length;
  } finally {
    closeSync(descriptor);
  }
}

function answer(file: Counting): void {
  while (file.asked[0] !== undefined && file.asked[0].end <= file.at) {
    const [{ ticket, end }] = file.asked.splice(0, 1) as [{ ticket: number; end: number }];
    // A digest is asked for when nothing more is written: the hash cannot have gone past it.
    if (end === file.at) send({ ticket, sha256: file.hash.copy().digest("hex") });
    else send({ ticket, error: `${file.at} bytes are counted already, not ${end}` });
  }
}

function fail(id: string, error: string): void {
  for (const { ticket } of files.get(id)?.asked ?? []) send({ ticket, error });
  files.delete(id);
}

function letGoOfOldest(): void {
  for (const [id, file] of files) {
    if (files.size <= maxKeptHashes) return;
    if (file.asked.length === 0) files.delete(id);
  }
}

function send(message: HashReply): void {
  parentPort?.postMessage(message);
}
