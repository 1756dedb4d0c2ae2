import { describe, expect, test } from "vitest";
import { ManualTimers } from "../../../client/shared/testing/manual-timers.ts";
import type { DiskFile } from "./disk-operations.ts";
import { DurableAppend, groupCommitDelayMs } from "./durable-append.ts";

const chunk = new Uint8Array(100);

describe("chunks that come in pairs", () => {
  test("share a sync and a commit after one arrived during the commit of another", async () => {
    const { append, done, take } = open();
    const first = take();
    await settle();
    const second = take();
    await first;
    expect(done).toEqual(["write 0", "sync", "write 100", "commit 100"]);
    await Promise.all([second, take()]);
    expect(done.splice(0).slice(4)).toEqual(["write 200", "sync", "commit 300"]);
    const fourth = take();
    await settle();
    await Promise.all([fourth, take()]);
    expect(done).toEqual(["write 300", "write 400", "sync", "commit 500"]);
    await append.waitUntilIdle();
    expect(append.isIdle).toBe(true);
  });

  test("are committed alone if the next one does not arrive in time, and the next ones do not wait", async () => {
    const { done, take, timers } = open();
    await Promise.all([take(), take()]);
    done.length = 0;
    const alone = take();
    await settle();
    expect(done).toEqual(["write 200"]);
    timers.advance(groupCommitDelayMs);
    await alone;
    expect(done).toEqual(["write 200", "sync", "commit 300"]);
    await take();
    expect(done.slice(3)).toEqual(["write 300", "sync", "commit 400"]);
  });

  test("stop waiting for an immediate commit", async () => {
    const { append, done, take } = open();
    await Promise.all([take(), take()]);
    done.length = 0;
    const alone = take();
    await settle();
    await Promise.all([append.commit(300), alone]);
    expect(done).toEqual(["write 200", "sync", "commit 300"]);
  });

  test("stop waiting when the file is closed", async () => {
    const { append, done, take } = open();
    await Promise.all([take(), take()]);
    done.length = 0;
    const alone = take();
    await settle();
    expect(append.isIdle).toBe(false);
    await Promise.all([append.waitUntilIdle(), alone]);
    expect(done).toEqual(["write 200", "sync", "commit 300"]);
    expect(append.isIdle).toBe(true);
  });

  test("keep the written bytes of the first one if the second one cannot be written", async () => {
    const { done, fail, take, timers } = open();
    await Promise.all([take(), take()]);
    done.length = 0;
    const first = take();
    await settle();
    fail.write = new Error("no space");
    await expect(take()).rejects.toThrow("no space");
    timers.advance(groupCommitDelayMs);
    await first;
    expect(done).toEqual(["write 200", "dropped 300", "sync", "commit 300"]);
  });

  test("both fail if their sync fails", async () => {
    const { append, done, fail, take } = open();
    await Promise.all([take(), take()]);
    done.length = 0;
    fail.sync = new Error("the disk is broken");
    const results = await Promise.allSettled([take(), take()]);
    expect(results.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(done).toEqual(["write 200", "write 300", "sync failed"]);
    await append.waitUntilIdle();
    await expect(take()).rejects.toThrow("the disk is broken");
  });
});

test("the end of a sync is reported when it starts, while the processor is idle", async () => {
  const { begun, done, take } = open();
  const first = take();
  const second = take();
  while (begun.length === 0) await settle();
  expect(begun).toEqual([200]);
  expect(done).not.toContain("sync");
  await Promise.all([first, second]);
});

test("a single chunk is committed immediately", async () => {
  const { done, take } = open();
  await take();
  await take();
  expect(done).toEqual(["write 0", "sync", "commit 100", "write 100", "sync", "commit 200"]);
});

/** Opens an append to a file whose operations take one turn, and records them. */
function open() {
  const done: string[] = [];
  const begun: number[] = [];
  const fail: { write?: Error; sync?: Error } = {};
  const timers = new ManualTimers();
  const file: Pick<DiskFile, "write" | "syncData"> = {
    async write(_parts, position) {
      await settle();
      if (fail.write !== undefined) throw fail.write;
      done.push(`write ${position}`);
    },
    async syncData() {
      await settle();
      if (fail.sync !== undefined) throw fail.sync;
      done.push("sync");
    },
  };
  const append = new DurableAppend({
    file: file as DiskFile,
    timers,
    start: 0,
    async commit(offset) {
      await settle();
      done.push(`commit ${offset}`);
    },
    onWritten: () => {},
    onSyncStarted: (offset) => begun.push(offset),
    onCommitted: () => {},
    onDropped: (offset) => done.push(`dropped ${offset}`),
    onSyncFailed: () => done.push("sync failed"),
  });
  let taken = 0;
  const take = () => {
    append.append(chunk);
    taken += chunk.byteLength;
    return append.commit(taken, "grouped");
  };
  return { append, begun, done, fail, timers, take };
}

/** Runs all tasks that do not wait for a timer. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
