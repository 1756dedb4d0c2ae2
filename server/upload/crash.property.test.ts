import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { type Random, seededRandom } from "../shared/seeded-random.ts";
import { SimulatedDisk } from "./file/testing/simulated-disk.ts";
import { type Piece, receiveUploadStream } from "./session/receive-upload-stream.ts";
import { MemoryUploadStore } from "./store/testing/memory-upload-store.ts";
import type { FileMetadata } from "./store/upload-record.ts";
import type { UploadStore } from "./store/upload-store.ts";
import { openTestUploads, type TestUploads } from "./testing/test-uploads.ts";

const seeds = 1_000;
const uploadsPerSeed = 3;

/** A file that a client uploads, and the acknowledgements that the client has received. */
interface ClientFile {
  readonly metadata: FileMetadata;
  readonly bytes: Uint8Array;
  readonly sha256: string;
  acknowledged: number;
  isComplete: boolean;
}

// For every seed, clients upload files by streams and by chunks. The server crashes at a random operation, recovers from
// the surviving disk, and the clients resume, until all files are complete.
test(`${seeds} crashes lose no acknowledged byte and expose no incomplete file`, {
  tags: ["slow"],
  timeout: 120_000,
}, async () => {
  let crashes = 0;
  for (let seed = 1; seed <= seeds; seed++) crashes += await runSeed(seed);
  expect(crashes).toBeGreaterThan(seeds);
});

async function runSeed(seed: number): Promise<number> {
  const random = seededRandom(seed);
  const rows = new MemoryUploadStore();
  const files = Array.from({ length: uploadsPerSeed }, (_, index) => clientFile(index, random));
  let disk = new SimulatedDisk({ below: random.below });
  let crashes = 0;
  for (;;) {
    const power = new Power(crashes < 6 ? 1 + random.below(120) : Number.POSITIVE_INFINITY);
    disk = disk.crash({ below: random.below, onOperation: () => power.use() });
    const store = crashable(rows, power, random);
    try {
      const uploads = await openTestUploads({ disk, store });
      await verify(uploads, files, disk);
      await verifyLengths(uploads, disk);
      await whileTimePasses(uploads, Promise.all(files.map((file) => upload(file, uploads, random))));
      power.assertOn();
      await verify(uploads, files, disk);
      expect(files.map(({ isComplete }) => isComplete)).toEqual(files.map(() => true));
      return crashes;
    } catch (error) {
      if (power.isOn) throw new Error(`seed ${seed}, after ${crashes} crashes`, { cause: error });
      crashes++;
    }
  }
}

/** Advances the clock by a millisecond in every turn of the event loop until a task has ended. */
async function whileTimePasses({ timers }: TestUploads, task: Promise<unknown>): Promise<void> {
  const turn = () => {
    timers.advance(1);
    clock = setImmediate(turn);
  };
  let clock = setImmediate(turn);
  try {
    await task;
  } finally {
    clearImmediate(clock);
  }
}

/** Checks the disk and the rows against the acknowledgements after a start of the server. */
async function verify({ uploads, recovery }: TestUploads, files: readonly ClientFile[], disk: SimulatedDisk) {
  expect(recovery.damaged).toEqual([]);
  for (const file of files) {
    const view = await uploads.get(file.metadata.id).catch(() => undefined);
    expect(view?.committed ?? 0).toBeGreaterThanOrEqual(file.acknowledged);
    if (file.isComplete) expect(view?.phase).toBe("complete");
    if (view === undefined) continue;
    const path = `${view.phase === "complete" ? "complete" : "open"}/${view.id}`;
    const bytes = disk.bytesOf(path) ?? new Uint8Array();
    expect(Buffer.compare(bytes.subarray(0, view.committed), file.bytes.subarray(0, view.committed))).toBe(0);
    if (view.phase === "complete")
      expect([bytes.byteLength, view.sha256]).toEqual([file.bytes.byteLength, file.sha256]);
  }
}

/** Checks that no file has more bytes than were committed. */
async function verifyLengths({ uploads }: TestUploads, disk: SimulatedDisk) {
  for (const { id, phase, committed } of (await uploads.list({ phases: ["open"], productId: "", limit: 10 })).uploads) {
    expect([id, phase, disk.bytesOf(`open/${id}`)?.byteLength]).toEqual([id, phase, committed]);
  }
}

/** Uploads a file as a stream or in chunks, and resumes at the committed offset. Rejects when the power fails. */
async function upload(file: ClientFile, { uploads }: TestUploads, random: Random): Promise<void> {
  const byStream = random.below(2) === 0;
  if (byStream) {
    const { committed } = await uploads.get(file.metadata.id).catch(() => ({ committed: 0 }));
    // Sometimes sends bytes again.
    const from = Math.max(0, committed - random.below(300));
    const view = await receiveUploadStream(file.metadata, piecesOf(file, from, random), {
      uploads,
      leaveOpen: random.below(3) === 0,
      onEnd: (offset) => acknowledge(file, offset),
    });
    if (view.phase === "complete") file.isComplete = true;
    if (file.isComplete) return;
  }
  const started = await uploads.start(file.metadata);
  acknowledge(file, started.committed);
  const { generation, id } = started;
  if (started.phase === "open") {
    let at = started.committed;
    while (at < file.bytes.byteLength) {
      // Two chunks in flight, sometimes the later one first.
      const chunks = [chunkAt(file, at, random)];
      at += chunks[0]?.data.byteLength ?? 0;
      if (at < file.bytes.byteLength) chunks.push(chunkAt(file, at, random));
      at += chunks[1]?.data.byteLength ?? 0;
      if (random.below(2) === 0) chunks.reverse();
      const sent = chunks.map((chunk) => uploads.writeChunk(id, { generation, ...chunk }));
      for (const offset of await Promise.all(sent)) acknowledge(file, offset);
    }
  }
  const { bytes, sha256 } = file;
  const finished = await uploads.finish(id, { generation, size: bytes.byteLength, sha256 }, "unlimited");
  if (finished.phase === "complete") file.isComplete = true;
}

async function* piecesOf(file: ClientFile, from: number, random: Random): AsyncGenerator<Piece> {
  let offset = from;
  while (offset < file.bytes.byteLength) {
    const chunk = chunkAt(file, offset, random);
    yield { kind: "chunk", ...chunk };
    offset += chunk.data.byteLength;
  }
  yield { kind: "finish", sha256: file.sha256 };
}

function chunkAt({ bytes }: ClientFile, offset: number, random: Random) {
  return { offset, data: bytes.subarray(offset, offset + 1 + random.below(400)) };
}

function acknowledge(file: ClientFile, offset: number): void {
  file.acknowledged = Math.max(file.acknowledged, offset);
}

function clientFile(index: number, random: Random): ClientFile {
  const bytes = Uint8Array.from({ length: random.below(4_000) }, () => random.below(256));
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const id = `00000000-0000-4000-8000-00000000000${index}`;
  return { metadata: { id, fileName: `${index}`, productId: "" }, bytes, sha256, acknowledged: 0, isComplete: false };
}

/** Fails after a given number of operations. */
class Power {
  #left: number;

  constructor(operations: number) {
    this.#left = operations;
  }

  get isOn(): boolean {
    return this.#left > 0;
  }

  use(): void {
    this.#left--;
    this.assertOn();
  }

  assertOn(): void {
    if (!this.isOn) throw new Error("the power has failed");
  }
}

/** A store whose writes take time: a write in progress when the power fails may be durable or not. */
function crashable(rows: UploadStore, power: Power, random: Random): UploadStore {
  const write = async (task: () => Promise<void>) => {
    for (let turns = random.below(4); turns > 0; turns--) await null;
    power.assertOn();
    await task();
    power.use();
  };
  return {
    insert: (record) => write(() => rows.insert(record)),
    update: (record) => write(() => rows.update(record)),
    commitOffsets: (offsets) => write(() => rows.commitOffsets(offsets)),
    remove: (id) => write(() => rows.remove(id)),
    get: (id) => rows.get(id),
    list: (query) => rows.list(query),
    imagesOf: (productIds, limit) => rows.imagesOf(productIds, limit),
    all: () => rows.all(),
    unchangedSince: (...query) => rows.unchangedSince(...query),
  };
}
