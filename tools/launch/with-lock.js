import { mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

const pollMs = 200;
const heartbeatMs = 5_000;
const silentMs = 60_000; // twelve missed heartbeats: the holder is gone, and its process id may be another's by now

/**
 * @typedef {object} LockWorld what a lock needs of the world around it
 * @property {number} pid
 * @property {() => number} now in milliseconds since 1970
 * @property {(ms: number) => Promise<unknown>} wait
 * @property {(pid: number) => boolean} isAlive
 */

/** @type {LockWorld} */
const realWorld = { pid: process.pid, now: Date.now, wait: delay, isAlive };

/**
 * Runs `work` while this process alone holds the lock, a folder at `path`. Waits for another holder, and says so
 * once; takes over from one that is gone.
 *
 * @param {string} path
 * @param {(text: string) => void} say
 * @param {() => Promise<unknown>} work
 * @param {LockWorld} [world]
 */
export async function withLock(path, say, work, world = realWorld) {
  mkdirSync(dirname(path), { recursive: true });
  let saidSo = false;
  while (!take(path, world)) {
    const holder = readHolder(path);
    if (isGone(path, holder, world)) {
      discard(path, holder, world);
      continue;
    }
    if (!saidSo) say(`bourse: waiting for process ${holder ?? "?"}, which brings the same things up to date\n`);
    saidSo = true;
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

/** @param {string} path @returns {number | undefined} undefined where the holder has not written its id yet */
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
    return world.now() - statSync(path).mtimeMs > silentMs;
  } catch {
    return false; // it was released just now
  }
}

/**
 * Moves a lock out of the way, which only one of several processes can. Where it turns out to be another one's fresh
 * lock, it goes back.
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
    // The folder is gone: someone deleted it by hand, and the work goes on.
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
