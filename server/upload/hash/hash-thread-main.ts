import { createHash, type Hash } from "node:crypto";
import { closeSync, constants, openSync, readSync } from "node:fs";
import { setPriority } from "node:os";
import { parentPort } from "node:worker_threads";

/** A message to the thread. Paths are absolute. */
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

/** The reply to `digest`. */
export type HashReply = { readonly ticket: number } & ({ readonly sha256: string } | { readonly error: string });

/** The number of bytes that are read and hashed before another file is served, which takes about half a millisecond. */
const sliceBytes = 1024 * 1024;

/**
 * The maximum number of files whose hash is kept between messages. An evicted one is computed again from the start of
 * its file.
 */
const maxCachedHashes = 1_000;

/** The nice value of the thread. A thread with the nice value 0 gets nine times as much of a core that both need. */
const hashPriority = 10;

interface HashedFile {
  path: string;
  readonly hash: Hash;
  /** The number of hashed bytes. */
  position: number;
  /** The number of written bytes. */
  end: number;
  readonly digests: { readonly ticket: number; readonly end: number }[];
}

/** The least recently used first. */
const files = new Map<string, HashedFile>();
const slice = Buffer.allocUnsafeSlow(sliceBytes);
let isRunning = false;

// If there is one core, network and disk go first. On Linux this sets the priority of this thread only:
// https://man7.org/linux/man-pages/man2/setpriority.2.html (BUGS).
if (process.platform === "linux") setPriority(0, hashPriority);

parentPort?.on("message", (request: HashRequest) => {
  switch (request.kind) {
    case "forget":
      fail(request.id, "the upload has ended");
      return;
    case "advance":
      touch(request);
      break;
    case "digest":
      touch(request).digests.push({ ticket: request.ticket, end: request.end });
      break;
  }
  evict();
  if (!isRunning) {
    isRunning = true;
    run();
  }
});

/** Makes a file the most recently used one, and records how many bytes of it are written. */
function touch({ id, path, end }: { readonly id: string; readonly path: string; readonly end: number }): HashedFile {
  const file = files.get(id) ?? { path, hash: createHash("sha256"), position: 0, end: 0, digests: [] };
  file.path = path;
  file.end = Math.max(file.end, end);
  files.delete(id);
  files.set(id, file);
  return file;
}

/** Hashes one slice of each file that has unhashed bytes, and repeats after it has received messages. */
function run(): void {
  let isBehind = false;
  for (const [id, file] of files) {
    try {
      if (file.position < file.end) hashSlice(file);
      isBehind ||= file.position < file.end;
      reply(file);
    } catch (error) {
      fail(id, error instanceof Error ? error.message : String(error));
    }
  }
  if (isBehind) setImmediate(run);
  else isRunning = false;
}

function hashSlice(file: HashedFile): void {
  const descriptor = openSync(file.path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const length = readSync(descriptor, slice, 0, Math.min(sliceBytes, file.end - file.position), file.position);
    if (length === 0) throw new Error(`the file ends at ${file.position}, before ${file.end}`);
    file.hash.update(slice.subarray(0, length));
    file.position += length;
  } finally {
    closeSync(descriptor);
  }
}

function reply(file: HashedFile): void {
  while (file.digests[0] !== undefined && file.digests[0].end <= file.position) {
    const [{ ticket, end }] = file.digests.splice(0, 1) as [{ ticket: number; end: number }];
    // A digest is requested when no more bytes are written, so the hash has not passed its end.
    if (end === file.position) send({ ticket, sha256: file.hash.copy().digest("hex") });
    else send({ ticket, error: `${file.position} bytes are already hashed, not ${end}` });
  }
}

function fail(id: string, error: string): void {
  for (const { ticket } of files.get(id)?.digests ?? []) send({ ticket, error });
  files.delete(id);
}

function evict(): void {
  for (const [id, file] of files) {
    if (files.size <= maxCachedHashes) return;
    if (file.digests.length === 0) files.delete(id);
  }
}

function send(message: HashReply): void {
  parentPort?.postMessage(message);
}
