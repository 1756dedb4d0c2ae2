import { expect, onTestFinished, test } from "vitest";
import { immediateTimers } from "../../../../client/shared/testing/manual-timers.ts";
import { ModelUploadService } from "../../../../client/upload/testing/model-upload-service.ts";
import { uploadFile } from "../../../../client/upload/upload-file.ts";
import { blobSource } from "../../../../client/upload/upload-source.ts";
import { type Upload, UploadState } from "../../../../gen/bourse/upload/v1/upload_pb.ts";
import type { FileCache } from "./file-cache.ts";
import type { LocalUploadRecord, LocalUploadRecords } from "./local-upload-records.ts";
import type { UploadLocks } from "./upload-locks.ts";
import { maxQueued, UploadQueue } from "./upload-queue.ts";

/** The storage and the locks of a browser, which its windows share. */
class FakeBrowser {
  readonly cached = new Map<string, File>();
  readonly stored = new Map<string, LocalUploadRecord>();
  readonly locked = new Map<string, PromiseWithResolvers<void>>();
  maxFileBytes = Number.POSITIVE_INFINITY;

  readonly files: FileCache = {
    put: async (id, file) => {
      if (file.size <= this.maxFileBytes) this.cached.set(id, file);
    },
    get: async (id) => this.cached.get(id),
    delete: async (id) => void this.cached.delete(id),
    ids: async () => [...this.cached.keys()],
  };
  readonly records: LocalUploadRecords = {
    all: () => [...this.stored.values()].map((each) => JSON.parse(JSON.stringify(each))),
    get: (id) => this.stored.get(id),
    put: (record) => void this.stored.set(record.memo.uploadId, record),
    delete: (id) => void this.stored.delete(id),
  };

  locks(window: Set<string>): UploadLocks {
    const tryAcquire = async (name: string) => {
      if (this.locked.has(name)) return undefined;
      this.locked.set(name, Promise.withResolvers());
      window.add(name);
      return () => this.release(name);
    };
    return {
      tryAcquire,
      acquire: async (name) => {
        for (;;) {
          const release = await tryAcquire(name);
          if (release !== undefined) return release;
          await this.locked.get(name)?.promise;
        }
      },
    };
  }

  release(name: string): void {
    this.locked.get(name)?.resolve();
    this.locked.delete(name);
  }
}

const service = () => new ModelUploadService();

function openWindow(browser: FakeBrowser, server: ModelUploadService) {
  const completed: Upload[] = [];
  const started: string[] = [];
  const window = new Set<string>();
  const end = new AbortController();
  const queue = new UploadQueue({
    startUpload(file, memo, listeners) {
      started.push(file.name);
      const options = { memo, timers: immediateTimers, random: () => 0.5, signal: end.signal, ...listeners };
      return uploadFile(server.client, blobSource(file), options);
    },
    abort: async (uploadId) => void (await server.client.abortUpload({ uploadId })),
    files: browser.files,
    records: browser.records,
    locks: browser.locks(window),
    schedule: (task) => task(),
    newId: () => crypto.randomUUID(),
    now: () => browser.stored.size,
    monotonicNow: () => 0,
    onComplete: (upload) => completed.push(upload),
  });
  const states = () => Object.fromEntries(queue.views().map(({ name, state }) => [name, state.kind]));
  const become = (expected: Record<string, string>) => expect.poll(states, pollOptions).toEqual(expected);
  const id = (name: string) => queue.views().find((view) => view.name === name)?.id ?? "";
  const close = () => {
    end.abort();
    for (const name of window) browser.release(name);
  };
  onTestFinished(close);
  queue.start();
  return { queue, completed, started, become, id, close };
}

const pollOptions = { interval: 1, timeout: 5_000 };

function fileOf(name: string, size = 640): File {
  return new File([new Uint8Array(size).fill(size % 200)], name, { lastModified: 7 });
}

/** A server that stalls after a part of the first file. */
function stalledService(): ModelUploadService {
  const server = service();
  server.stopAt = 9;
  return server;
}

const continueServing = (server: ModelUploadService) => {
  server.stopAt = Number.POSITIVE_INFINITY;
};

test("files are uploaded one after another, and the records of completed ones are deleted", async () => {
  const browser = new FakeBrowser();
  const server = stalledService();
  const { queue, completed, started, become } = openWindow(browser, server);
  queue.add([fileOf("a"), fileOf("b", 100)], "");
  await become({ a: "sending", b: "queued" });
  expect(started).toEqual(["a"]);
  expect(browser.stored.size).toBe(2);
  continueServing(server);
  await become({ a: "complete", b: "complete" });
  expect(completed.map(({ fileName }) => fileName)).toEqual(["a", "b"]);
  expect([browser.stored.size, browser.cached.size, browser.locked.size]).toEqual([0, 0, 0]);
  queue.clearCompleted();
  await become({});
});

test("the next upload starts if one is paused, and a resumed upload is queued", async () => {
  const server = stalledService();
  const { queue, become, id } = openWindow(new FakeBrowser(), server);
  queue.add([fileOf("a"), fileOf("b")], "");
  await become({ a: "sending", b: "queued" });
  queue.pause(id("a"));
  await become({ a: "paused", b: "connecting" });
  queue.resume(id("a"));
  await become({ a: "queued", b: "connecting" });
  queue.pause(id("a"));
  await become({ a: "paused", b: "connecting" });
  queue.resume(id("a"));
  continueServing(server);
  await become({ a: "complete", b: "complete" });
});

test("after a reload, cached files resume, paused ones stay paused, and other files are missing", async () => {
  const browser = new FakeBrowser();
  browser.maxFileBytes = 700;
  const server = stalledService();
  const first = openWindow(browser, server);
  first.queue.add([fileOf("a"), fileOf("b"), fileOf("large", 900)], "");
  await first.become({ a: "sending", b: "queued", large: "queued" });
  first.queue.pause(first.id("b"));
  first.close();
  continueServing(server);
  const second = openWindow(browser, server);
  await second.become({ a: "complete", b: "paused", large: "file-missing" });
  second.queue.add([fileOf("large", 901)], "");
  await second.become({ a: "complete", b: "paused", large: "complete" });
  second.queue.clearCompleted();
  second.queue.add([fileOf("large", 900)], "");
  await second.become({ b: "paused", large: "complete" });
  expect(server.sessions.size).toBe(3);
});

test("a cached file without a record is deleted", async () => {
  const browser = new FakeBrowser();
  browser.cached.set("orphan", fileOf("orphan"));
  openWindow(browser, service());
  await expect.poll(() => browser.cached.size, pollOptions).toBe(0);
});

test("a window does not upload a file of another window until that window is closed", async () => {
  const browser = new FakeBrowser();
  const server = stalledService();
  const first = openWindow(browser, server);
  first.queue.add([fileOf("a")], "");
  await first.become({ a: "sending" });
  const second = openWindow(browser, server);
  await second.become({ a: "other-window" });
  first.close();
  continueServing(server);
  await second.become({ a: "complete" });
  expect(second.started).toEqual(["a"]);
});

test("an upload that another window has completed is removed", async () => {
  const browser = new FakeBrowser();
  const server = stalledService();
  const first = openWindow(browser, server);
  first.queue.add([fileOf("a")], "");
  await first.become({ a: "sending" });
  const second = openWindow(browser, server);
  await second.become({ a: "other-window" });
  continueServing(server);
  await first.become({ a: "complete" });
  await second.become({});
});

test("a cancelled upload is removed here, in the browser and on the server, started or not", async () => {
  const browser = new FakeBrowser();
  const server = stalledService();
  const { queue, become, id } = openWindow(browser, server);
  queue.add([fileOf("a"), fileOf("b")], "");
  await become({ a: "sending", b: "queued" });
  const startedId = id("a");
  continueServing(server);
  await Promise.all([queue.cancel(id("b")), queue.cancel(startedId)]);
  await become({});
  expect(server.sessions.get(startedId)?.state).toBe(UploadState.ABORTED);
  expect([browser.stored.size, browser.cached.size, browser.locked.size]).toEqual([0, 0, 0]);
});

test("a file that changed during the upload can be uploaded as a new upload", async () => {
  const server = stalledService();
  const { queue, become, id } = openWindow(new FakeBrowser(), server);
  queue.add([fileOf("a")], "");
  await expect.poll(() => server.steps, pollOptions).toBeGreaterThan(server.stopAt);
  const session = server.sessions.get(id("a"));
  expect(session?.bytes.length).toBeGreaterThan(0);
  if (session) session.bytes = session.bytes.map(() => 1);
  continueServing(server);
  await become({ a: "failed" });
  queue.retryFailed(id("a"));
  await become({ a: "complete" });
  expect(server.sessions.size).toBe(2);
});

test("the next upload starts if one was taken over, and the upload can be taken back", async () => {
  const server = stalledService();
  const { queue, become, id } = openWindow(new FakeBrowser(), server);
  queue.add([fileOf("a"), fileOf("b", 100)], "");
  await become({ a: "sending", b: "queued" });
  server.steal(id("a"));
  continueServing(server);
  await become({ a: "taken-over", b: "complete" });
  queue.takeOver(id("a"));
  await become({ a: "complete", b: "complete" });
});

test("the same file twice is one upload, unless it is for another product", async () => {
  const server = stalledService();
  const { queue, become } = openWindow(new FakeBrowser(), server);
  const file = fileOf("a");
  queue.add([file, file], "");
  queue.add([file], "");
  await become({ a: "sending" });
  expect(queue.views()).toHaveLength(1);
  queue.add([file], "11111111-1111-4111-8111-111111111111");
  expect(queue.views()).toHaveLength(2);
});

test("the number of uploads is limited", async () => {
  const server = stalledService();
  const { queue } = openWindow(new FakeBrowser(), server);
  queue.add(
    Array.from({ length: maxQueued + 1 }, (_, index) => fileOf(`file ${index}`, 10)),
    "",
  );
  expect(queue.views()).toHaveLength(maxQueued);
  expect(queue.problem()).toBe("The limit of 500 uploads is reached. Clear completed uploads first.");
});
