import { mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

const pollMs = 200;
const heartbeatMs = 5_000;
const expiryMs = 60_000; // 12 missed heartbeats: the holder has ended, and its process id may belong to another process

/**
 * @typedef {object} LockWorld the environment of a lock
 * @property {number} pid
 * @property {() => number} now in milliseconds since 1970
 * @property {(ms: number) => Promise<unknown>} wait
 * @property {(pid: number) => boolean} isAlive
 */

/** @type {LockWorld} */
const realWorld = { pid: process.pid, now: Date.now, wait: delay, isAlive };

/**
 * Runs `work` while this process holds the lock, a folder at `path`. Waits while another process holds it, and prints
 * that once. Takes the lock over if its holder has ended.
 *
 * @param {string} path
 * @param {(text: string) => void} print
 * @param {() => Promise<unknown>} work
 * @param {LockWorld} [world]
 */
export async function withLock(path, print, work, world = realWorld) {
  mkdirSync(dirname(path), { recursive: true });
  let hasPrinted = false;
  while (!take(path, world)) {
    const holder = readHolder(path);
    if (isGone(path, holder, world)) {
      discard(path, holder, world);
      continue;
    }
    if (!hasPrinted) print(`bourse: waiting for process ${holder ?? "?"}, which is updating the same files\n`);
    hasPrinted = true;
    await world.wait(pollMs);
  }
  const heartbeat = setInterval(() => touch(path), heartbeatMs);
  try {
    await work();
  } finally {
    clearInterval(heartbeat);
    rmSync(path, { recursive: true, force: true });
  }
}

/** @param {string} path @param {LockWorld} world */
function take(path, { pid }) {
  try {
    mkdirSync(path);
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
  writeFileSync(join(path, "pid"), String(pid));
  return true;
}

/** @param {string} path @returns {number | undefined} undefined if the holder has not written its id yet */
function readHolder(path) {
  try {
    return Number.parseInt(readFileSync(join(path, "pid"), "utf8"), 10) || undefined;
  } catch {
    return undefined;
  }
}

/** @param {string} path @param {number | undefined} holder @param {LockWorld} world */
function isGone(path, holder, world) {
  if (holder !== undefined && !world.isAlive(holder)) return true;
  try {
    return world.now() - statSync(path).mtimeMs > expiryMs;
  } catch {
    return false; // the holder has released it
  }
}

/**
 * Renames a lock whose holder has ended, which only one of several processes can do, and deletes it. If another process
 * has taken the lock in between, renames it back.
 *
 * @param {string} path @param {number | undefined} holder @param {LockWorld} world
 */
function discard(path, holder, { pid }) {
  const aside = `${path}.${pid}`;
  try {
    renameSync(path, aside);
    if (readHolder(aside) === holder) rmSync(aside, { recursive: true, force: true });
    else renameSync(aside, path);
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
  }
}

/** @param {string} path */
function touch(path) {
  const seconds = Date.now() / 1000;
  try {
    utimesSync(path, seconds, seconds);
  } catch {
    // A user deleted the folder. The work continues.
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === "EPERM";
  }
}

/** @param {unknown} error */
function errorCode(error) {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
