import { expect, onTestFinished, test } from "vitest";
import { immediateTimers } from "../../../../client/shared/testing/manual-timers.ts";
import { ModelUploadService } from "../../../../client/upload/testing/model-upload-service.ts";
import { uploadFile } from "../../../../client/upload/upload-file.ts";
import { blobSource } from "../../../../client/upload/upload-source.ts";
import { type Upload, UploadState } from "../../../../gen/bourse/upload/v1/upload_pb.ts";
import type { Claims } from "./claims.ts";
import type { FileKeeper } from "./file-keeper.ts";
import type { RememberedUpload, UploadMemory } from "./upload-memory.ts";
import { maxQueued, UploadQueue } from "./upload-queue.ts";

/** What a browser has: it outlives the windows in it. */
class Browser {
  readonly kept = new Map<string, File>();
  readonly remembered = new Map<string, RememberedUpload>();
  readonly claimed = new Map<string, PromiseWithResolvers<void>>();
  largest = Number.POSITIVE_INFINITY;

  readonly files: FileKeeper = {
    keep: async (id, file) => {
      if (file.size <= this.largest) this.kept.set(id, file);
    },
    get: async (id) => this.kept.get(id),
    drop: async (id) => void this.kept.delete(id),
    ids: async () => [...this.kept.keys()],
  };
  readonly memory: UploadMemory = {
    all: () => [...this.remembered.values()].map((each) => JSON.parse(JSON.stringify(each))),
    get: (id) => this.remembered.get(id),
    put: (upload) => void this.remembered.set(upload.memo.uploadId, upload),
    forget: (id) => void this.remembered.delete(id),
  };

  claims(window: Set<string>): Claims {
    const claim = async (name: string) => {
      if (this.claimed.has(name)) return undefined;
      this.claimed.set(name, Promise.withResolvers());
      window.add(name);
      return () => this.release(name);
    };
    return {
      claim,
      waitFor: async (name) => {
        for (;;) {
          const release = await claim(name);
          if (release !== undefined) return release;
          await this.claimed.get(name)?.promise;
        }
      },
    };
  }

  release(name: string): void {
    this.claimed.get(name)?.resolve();
    this.claimed.delete(name);
  }
}

const service = () => new ModelUploadService();

function openWindow(browser: Browser, server: ModelUploadService) {
  const completed: Upload[] = [];
  const begun: string[] = [];
  const window = new Set<string>();
  const end = new AbortController();
  const queue = new UploadQueue({
    begin(file, memo, listeners) {
      begun.push(file.name);
      const options = { memo, timers: immediateTimers, random: () => 0.5, signal: end.signal, ...listeners };
      return uploadFile(server.client, blobSource(file), options);
    },
    abort: async (uploadId) => void (await server.client.abortUpload({ uploadId })),
    files: browser.files,
    memory: browser.memory,
    claims: browser.claims(window),
    schedule: (task) => task(),
    newId: () => crypto.randomUUID(),
    now: () => browser.remembered.size,
    clock: () => 0,
    onComplete: (upload) => completed.push(upload),
  });
  const states = () => Object.fromEntries(queue.views().map(({ name, state }) => [name, state.kind]));
  const become = (expected: Record<string, string>) => expect.poll(states, patiently).toEqual(expected);
  const id = (name: string) => queue.views().find((view) => view.name === name)?.id ?? "";
  const close = () => {
    end.abort();
    for (const name of window) browser.release(name);
  };
  onTestFinished(close);
  queue.start();
  return { queue, completed, begun, become, id, close };
}

const patiently = { interval: 1, timeout: 5_000 };

function fileOf(name: string, size = 640): File {
  return new File([new Uint8Array(size).fill(size % 200)], name, { lastModified: 7 });
}

/** Has a server stand still when some of the first file is there. */
function standing(): ModelUploadService {
  const server = service();
  server.stopAt = 9;
  return server;
}

const go = (server: ModelUploadService) => {
  server.stopAt = Number.POSITIVE_INFINITY;
};

test("files go one after the other, and nothing is remembered of those that are complete", async () => {
  const browser = new Browser();
  const server = standing();
  const { queue, completed, begun, become } = openWindow(browser, server);
  queue.add([fileOf("a"), fileOf("b", 100)], "");
  await become({ a: "sending", b: "queued" });
  expect(begun).toEqual(["a"]);
  expect(browser.remembered.size).toBe(2);
  go(server);
  await become({ a: "complete", b: "complete" });
  expect(completed.map(({ fileName }) => fileName)).toEqual(["a", "b"]);
  expect([browser.remembered.size, browser.kept.size, browser.claimed.size]).toEqual([0, 0, 0]);
  queue.tidy();
  await become({});
});

test("while one is paused the next has its turn, and one that is resumed waits for its own", async () => {
  const server = standing();
  const { queue, become, id } = openWindow(new Browser(), server);
  queue.add([fileOf("a"), fileOf("b")], "");
  await become({ a: "sending", b: "queued" });
  queue.pause(id("a"));
  await become({ a: "paused", b: "connecting" });
  queue.resume(id("a"));
  await become({ a: "queued", b: "connecting" });
  queue.pause(id("a"));
  await become({ a: "paused", b: "connecting" });
  queue.resume(id("a"));
  go(server);
  await become({ a: "complete", b: "complete" });
});

test("after a reload a file that was kept goes on by itself, paused ones stay so, and others are asked for", async () => {
  const browser = new Browser();
  browser.largest = 700;
  const server = standing();
  const first = openWindow(browser, server);
  first.queue.add([fileOf("a"), fileOf("b"), fileOf("large", 900)], "");
  await first.become({ a: "sending", b: "queued", large: "queued" });
  first.queue.pause(first.id("b"));
  first.close();
  go(server);
  const second = openWindow(browser, server);
  await second.become({ a: "complete", b: "paused", large: "file-needed" });
  second.queue.add([fileOf("large", 901)], "");
  await second.become({ a: "complete", b: "paused", large: "complete" });
  second.queue.tidy();
  second.queue.add([fileOf("large", 900)], "");
  await second.become({ b: "paused", large: "complete" });
  expect(server.sessions.size).toBe(3);
});

test("a file that was kept for an upload that nobody remembers makes room for others", async () => {
  const browser = new Browser();
  browser.kept.set("stray", fileOf("stray"));
  openWindow(browser, service());
  await expect.poll(() => browser.kept.size, patiently).toBe(0);
});

test("a window leaves alone what another one is at, until that is closed", async () => {
  const browser = new Browser();
  const server = standing();
  const first = openWindow(browser, server);
  first.queue.add([fileOf("a")], "");
  await first.become({ a: "sending" });
  const second = openWindow(browser, server);
  await second.become({ a: "elsewhere" });
  first.close();
  go(server);
  await second.become({ a: "complete" });
  expect(second.begun).toEqual(["a"]);
});

test("what the other window has completed is no longer shown", async () => {
  const browser = new Browser();
  const server = standing();
  const first = openWindow(browser, server);
  first.queue.add([fileOf("a")], "");
  await first.become({ a: "sending" });
  const second = openWindow(browser, server);
  await second.become({ a: "elsewhere" });
  go(server);
  await first.become({ a: "complete" });
  await second.become({});
});

test("a cancelled upload is gone here, in the browser and on the server, whether it had begun or not", async () => {
  const browser = new Browser();
  const server = standing();
  const { queue, become, id } = openWindow(browser, server);
  queue.add([fileOf("a"), fileOf("b")], "");
  await become({ a: "sending", b: "queued" });
  const begun = id("a");
  go(server);
  await Promise.all([queue.cancel(id("b")), queue.cancel(begun)]);
  await become({});
  expect(server.sessions.get(begun)?.state).toBe(UploadState.ABORTED);
  expect([browser.remembered.size, browser.kept.size, browser.claimed.size]).toEqual([0, 0, 0]);
});

test("a file that changed under way can be sent again as it is now", async () => {
  const server = standing();
  const { queue, become, id } = openWindow(new Browser(), server);
  queue.add([fileOf("a")], "");
  await expect.poll(() => server.steps, patiently).toBeGreaterThan(server.stopAt);
  const session = server.sessions.get(id("a"));
  expect(session?.bytes.length).toBeGreaterThan(0);
  if (session) session.bytes = session.bytes.map(() => 1);
  go(server);
  await become({ a: "failed" });
  queue.again(id("a"));
  await become({ a: "complete" });
  expect(server.sessions.size).toBe(2);
});

test("who was taken over stands still, lets the next have its turn, and can take the upload back", async () => {
  const server = standing();
  const { queue, become, id } = openWindow(new Browser(), server);
  queue.add([fileOf("a"), fileOf("b", 100)], "");
  await become({ a: "sending", b: "queued" });
  server.steal(id("a"));
  go(server);
  await become({ a: "taken-over", b: "complete" });
  queue.takeOver(id("a"));
  await become({ a: "complete", b: "complete" });
});

test("the same file twice is one upload, unless it is for another product", async () => {
  const server = standing();
  const { queue, become } = openWindow(new Browser(), server);
  const file = fileOf("a");
  queue.add([file, file], "");
  queue.add([file], "");
  await become({ a: "sending" });
  expect(queue.views()).toHaveLength(1);
  queue.add([file], "11111111-1111-4111-8111-111111111111");
  expect(queue.views()).toHaveLength(2);
});

test("a queue is no longer than it may be", async () => {
  const server = standing();
  const { queue } = openWindow(new Browser(), server);
  queue.add(
    Array.from({ length: maxQueued + 1 }, (_, index) => fileOf(`file ${index}`, 10)),
    "",
  );
  expect(queue.views()).toHaveLength(maxQueued);
  expect(queue.problem()).toBe("The list is full: 500 uploads. Take finished ones off first.");
});
