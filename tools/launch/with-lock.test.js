import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { tempProject } from "../testing/temp-project.js";
import { withLock } from "./with-lock.js";

/** @param {Partial<import("./with-lock.js").LockWorld>} [changes] */
function world(changes) {
  const wait = () => Promise.reject(new Error("waiting"));
  return { pid: 100, now: Date.now, wait, isAlive: () => true, ...changes };
}

const silent = () => {};

test("the lock contains its holder during the work, and is deleted after it", async () => {
  using project = tempProject();
  const lock = join(project.root, ".cache/lock");
  const work = async () => expect(readFileSync(join(lock, "pid"), "utf8")).toBe("100");
  await withLock(lock, silent, work, world());
  expect.assertions(2);
  expect(existsSync(lock)).toBe(false);
});

test("a second process waits for the first, and prints that once", async () => {
  using project = tempProject();
  const lock = join(project.root, "lock");
  const events = /** @type {string[]} */ ([]);
  const release = Promise.withResolvers();
  const first = withLock(lock, silent, () => release.promise.then(() => void events.push("first")), world());
  let waits = 0;
  const wait = async () => {
    if (++waits < 3) return;
    release.resolve(undefined);
    await first;
  };
  const print = (/** @type {string} */ text) => void events.push(text.trimEnd());
  await withLock(lock, print, async () => void events.push("second"), world({ pid: 200, wait }));
  expect(events).toEqual(["bourse: waiting for process 100, which is updating the same files", "first", "second"]);
});

test("the lock of a dead process is taken over", async () => {
  using project = tempProject({ "lock/pid": "300" });
  const work = vi.fn(async () => {});
  const isAlive = (/** @type {number} */ pid) => pid !== 300;
  await withLock(join(project.root, "lock"), silent, work, world({ isAlive }));
  expect(work).toHaveBeenCalledOnce();
});

test("a lock without a heartbeat for over a minute is taken over, even if a process has its holder's id", async () => {
  using project = tempProject({ "lock/pid": "300" });
  const work = vi.fn(async () => {});
  const now = () => Date.now() + 61_000;
  await withLock(join(project.root, "lock"), silent, work, world({ now }));
  expect(work).toHaveBeenCalledOnce();
});

test("a process waits for a lock whose holder has not written its id yet", async () => {
  using project = tempProject({ "lock/other": "" });
  await expect(withLock(join(project.root, "lock"), silent, async () => {}, world())).rejects.toThrow("waiting");
});

test("failed work releases the lock", async () => {
  using project = tempProject();
  const lock = join(project.root, "lock");
  const work = () => Promise.reject(new Error("no disk"));
  await expect(withLock(lock, silent, work, world())).rejects.toThrow("no disk");
  expect(existsSync(lock)).toBe(false);
});
