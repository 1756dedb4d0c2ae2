import { createHash, randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtempDisposable, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { describe, expect, test } from "vitest";
import { NodeDisk } from "../file/node-disk.ts";
import type { Hasher } from "./hasher.ts";
import { ReadingHasher } from "./testing/reading-hasher.ts";
import { ThreadHasher } from "./thread-hasher.ts";

describe.each([
  ["in a worker thread", (root: string): Hasher => new ThreadHasher(root)],
  ["in the calling thread", (root: string): Hasher => new ReadingHasher(new NodeDisk(root))],
])("a hasher %s", (_name, make) => {
  test("hashes a growing file, and a file that was never announced", async () => {
    await using opened = await open(make);
    const bytes = randomBytes(3_000_000);
    await using file = await opened.disk.create("a");
    for (let at = 0; at < bytes.length; at += 1_000_000) {
      await file.write([bytes.subarray(at, at + 1_000_000)], at);
      opened.hasher.advance("a", "a", at + 1_000_000);
      if (at === 1_000_000) {
        expect(await opened.hasher.digest("a", "a", 2_000_000)).toBe(sha256(bytes.subarray(0, 2_000_000)));
      }
    }
    expect(await opened.hasher.digest("a", "a", bytes.length)).toBe(sha256(bytes));
    expect(await opened.hasher.digest("b", "a", 5)).toBe(sha256(bytes.subarray(0, 5)));
  });

  test("hashes an empty file, and starts again after forget", async () => {
    await using opened = await open(make);
    await using file = await opened.disk.create("a");
    expect(await opened.hasher.digest("a", "a", 0)).toBe(sha256(Buffer.alloc(0)));
    await file.write([Buffer.from("one")], 0);
    expect(await opened.hasher.digest("a", "a", 3)).toBe(sha256(Buffer.from("one")));
    await file.write([Buffer.from("two")], 0);
    opened.hasher.forget("a");
    expect(await opened.hasher.digest("a", "a", 3)).toBe(sha256(Buffer.from("two")));
  });

  test("rejects if the file is missing, too short, or a symbolic link", async () => {
    await using opened = await open(make);
    await using file = await opened.disk.create("short");
    await file.write([Buffer.from("abc")], 0);
    await symlink(join(opened.root, "short"), join(opened.root, "link"));
    for (const path of ["missing", "short", "link"]) {
      await expect(opened.hasher.digest(path, path, 4)).rejects.toThrow();
    }
  });
});

describe("a hash thread that ends", () => {
  test("is replaced by one that computes the pending digests from the start", async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "bourse-hasher-"));
    await writeFile(join(folder.path, "a"), "hello, world");
    const threads: Worker[] = [];
    await using hasher = new ThreadHasher(folder.path, () => record(threads, hashThread()));
    await hasher.digest("before", "a", 5);
    hasher.advance("a", "a", 5);
    const digest = hasher.digest("a", "a", 12);
    await threads[0]?.terminate();
    expect(await digest).toBe(sha256(Buffer.from("hello, world")));
    await threads.at(-1)?.terminate();
    hasher.advance("a", "a", 5);
    expect(await hasher.digest("a", "a", 5)).toBe(sha256(Buffer.from("hello")));
  });

  test("twice during one digest fails only that digest", async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "bourse-hasher-"));
    await writeFile(join(folder.path, "a"), "hello");
    const threads: Worker[] = [];
    const start = () => record(threads, threads.length < 2 ? brokenThread() : hashThread());
    await using hasher = new ThreadHasher(folder.path, start);
    await expect(hasher.digest("a", "a", 5)).rejects.toThrow("out of order");
    expect(await hasher.digest("b", "a", 5)).toBe(sha256(Buffer.from("hello")));
    expect(threads).toHaveLength(3);
  });
});

function hashThread(): Worker {
  return new Worker(new URL("./hash-thread-main.ts", import.meta.url));
}

/** A thread that ends at its first message. */
function brokenThread(): Worker {
  const code = "require('node:worker_threads').parentPort.on('message', () => { throw new Error('out of order'); })";
  return new Worker(code, { eval: true });
}

function record(threads: Worker[], thread: Worker): Worker {
  threads.push(thread);
  return thread;
}

async function open(make: (root: string) => Hasher) {
  const folder = await mkdtempDisposable(join(tmpdir(), "bourse-hash-"));
  const hasher = make(folder.path);
  return {
    hasher,
    root: folder.path,
    disk: new NodeDisk(folder.path),
    async [Symbol.asyncDispose]() {
      await hasher[Symbol.asyncDispose]();
      await folder.remove();
    },
  };
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

test.runIf(process.platform === "linux")("the hash thread has a low priority", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "bourse-hasher-"));
  await writeFile(join(folder.path, "a"), "hello");
  await using hasher = new ThreadHasher(folder.path);
  await hasher.digest("a", "a", 5);
  const priorities = readdirSync("/proc/self/task").map((thread) => {
    const stat = readFileSync(`/proc/self/task/${thread}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")")).split(" ")[niceField]);
  });
  expect(priorities).toContain(10);
});

/** The field of the nice value, after the name of the thread: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html. */
const niceField = 17;
