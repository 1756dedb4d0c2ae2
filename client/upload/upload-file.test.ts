import { Code, ConnectError } from "@connectrpc/connect";
import { sha256 } from "@noble/hashes/sha2.js";
import { expect, onTestFinished, test } from "vitest";
import { UploadProblemReason, UploadState } from "../../gen/bourse/upload/v1/upload_pb.ts";
import { immediateTimers, ManualTimers } from "../shared/testing/manual-timers.ts";
import type { FileUploadState, UploadProgress } from "./file-upload-state.ts";
import { problem } from "./testing/model-upload.ts";
import { ModelUploadService, modelChunkBytes } from "./testing/model-upload-service.ts";
import { UploadFailedError } from "./upload-error-remedy.ts";
import { type UploadFileOptions, uploadFile } from "./upload-file.ts";
import { newMemo } from "./upload-memo.ts";
import { blobSource, FileChangedError, type UploadSource } from "./upload-source.ts";

const { QUOTA, READ_ONLY, TOO_MANY } = UploadProblemReason;
const lost = new ConnectError("the connection is lost", Code.Unavailable);
const size = 10 * modelChunkBytes;

function sourceOf(bytes: Uint8Array<ArrayBuffer>, name = "file"): UploadSource {
  return blobSource(Object.assign(new Blob([bytes]), { name, lastModified: 5 }));
}

interface Settings extends UploadFileOptions {
  readonly source?: UploadSource;
  readonly service?: ModelUploadService;
}

function setUp(options: Settings = {}) {
  const service = options.service ?? new ModelUploadService();
  const timers = new ManualTimers();
  const states: FileUploadState[] = [];
  const progress: UploadProgress[] = [];
  const bytes = Uint8Array.from({ length: size }, (_, index) => index % 251);
  const upload = uploadFile(service.client, options.source ?? sourceOf(bytes), {
    timers,
    random: () => 0.5,
    onState: (state) => states.push(state),
    onProgress: (each) => progress.push(each),
    ...options,
  });
  onTestFinished(() => upload.close());
  const kinds = () => states.map(({ kind }) => kind);
  /** Resolves when the upload has a state. */
  const until = (kind: FileUploadState["kind"]) => expect.poll(() => upload.state.kind, quickly).toBe(kind);
  /** Stops the server when a part of the file is committed. */
  const partly = async () => {
    service.stopAt = service.steps + 9;
    await expect.poll(() => service.steps, quickly).toBeGreaterThanOrEqual(service.stopAt);
    await until("sending");
  };
  const go = () => {
    service.stopAt = Number.POSITIVE_INFINITY;
  };
  const stored = () => service.sessions.get(upload.memo.uploadId);
  return { service, timers, states, progress, bytes, upload, kinds, until, partly, go, stored };
}

const quickly = { interval: 1, timeout: 5_000 };

test("a file is sent in chunks, with at most two in flight, and finished with its hash", async () => {
  const { upload, service, kinds, progress, bytes } = setUp({ timers: immediateTimers });
  const done = await upload.done;
  expect(done).toMatchObject({ state: UploadState.COMPLETE, fileName: "file", sha256: sha256(bytes) });
  expect(kinds()).toEqual(["connecting", "sending", "verifying", "complete"]);
  expect(service.mostInFlight).toBe(2);
  expect(service.calls).toEqual(["limits", "start", ...Array(10).fill("chunk"), "finish"]);
  expect(progress.map(({ committedBytes }) => committedBytes)).toEqual(
    Array.from({ length: 10 }, (_, index) => (index + 1) * modelChunkBytes),
  );
});

test("an empty file is uploaded", async () => {
  const { upload, service } = setUp({ timers: immediateTimers, source: sourceOf(new Uint8Array()) });
  expect((await upload.done).committedOffset).toBe(0n);
  expect(service.calls).toEqual(["limits", "start", "finish"]);
});

test("after a lost connection the upload is retried with a growing back-off, by the same writer", async () => {
  const { upload, service, timers, states, partly, go } = setUp();
  await partly();
  service.failure = lost;
  go();
  const delays = () => states.flatMap((state) => (state.kind === "retrying" ? [state.delayMs] : []));
  for (let failures = 1; failures <= 3; failures++) {
    await expect.poll(delays, quickly).toHaveLength(failures);
    if (failures === 3) service.failure = undefined;
    timers.advance(10_000);
  }
  await upload.done;
  expect(delays()).toEqual([250, 500, 1_000]);
  expect(service.calls.filter((call) => call === "start")).toHaveLength(1);
  expect(timers.count).toBe(0);
});

test("retry ends the wait for the next attempt", async () => {
  const { upload, service, until } = setUp();
  service.failure = lost;
  await until("retrying");
  service.failure = undefined;
  upload.retry();
  await upload.done;
});

test("a response that exceeds the deadline fails the attempt", async () => {
  const service = new ModelUploadService();
  const { client } = service;
  const silent = new ModelUploadService();
  Object.assign(silent.client, client, {
    getUploadLimits: (_: unknown, { signal }: { signal: AbortSignal }) =>
      new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  });
  const { timers, until, upload } = setUp({ service: silent });
  await expect.poll(() => timers.count, quickly).toBe(1);
  timers.advance(60_000);
  await until("retrying");
  expect(upload.state).toMatchObject({ reason: { rawMessage: "no response within 60 s" } });
});

test("a paused upload sends nothing, and continues when it is resumed", async () => {
  const { upload, service, until, partly, go } = setUp();
  await partly();
  upload.pause();
  go();
  await until("paused");
  await expect.poll(() => service.inFlight, quickly).toBe(0);
  const calls = service.calls.length;
  upload.retry();
  upload.takeOver();
  await new Promise((resolve) => setImmediate(resolve));
  expect(service.calls).toHaveLength(calls);
  upload.resume();
  await upload.done;
  expect(service.calls.slice(calls)[0]).toBe("get");
});

test("a pause that is resumed immediately does not count as a failure", async () => {
  const { upload, kinds, partly, go } = setUp();
  await partly();
  upload.pause();
  upload.resume();
  go();
  await upload.done;
  expect(kinds()).not.toContain("retrying");
});

test("an upload that was taken over by another client stops until takeOver is called", async () => {
  const { upload, service, until, bytes, stored, partly, go } = setUp();
  await partly();
  service.steal(upload.memo.uploadId);
  go();
  await until("taken-over");
  const generation = stored()?.generation;
  upload.resume();
  upload.retry();
  await new Promise((resolve) => setImmediate(resolve));
  expect(stored()?.generation).toBe(generation);
  upload.takeOver();
  expect((await upload.done).sha256).toEqual(sha256(bytes));
});

test("an upload that is closed in the callback that reports that it was taken over ends", async () => {
  const service = new ModelUploadService();
  const end = new AbortController();
  const onState = ({ kind }: FileUploadState) => kind === "taken-over" && end.abort();
  const { upload, partly, go } = setUp({ service, signal: end.signal, onState });
  await partly();
  service.steal(upload.memo.uploadId);
  go();
  await expect(upload.done).rejects.toThrow();
});

test("an upload that is taken over again in the callback that reports that it was taken over continues", async () => {
  const service = new ModelUploadService();
  const onState = ({ kind }: FileUploadState) => kind === "taken-over" && upload.takeOver();
  const { upload, partly, go } = setUp({ service, onState, timers: immediateTimers });
  await partly();
  service.steal(upload.memo.uploadId);
  go();
  await upload.done;
});

test.each(["chunked", "streaming"] as const)(
  "%s: committed bytes that this client has not sent show a takeover by another client",
  async (method) => {
    const { upload, service, timers, until, stored, partly, go } = setUp({ method });
    await partly();
    service.faults = new Map(Array.from({ length: 3 }, (_, index) => [service.stopAt + index, "restart"]));
    go();
    await until("retrying");
    service.faults = new Map();
    const whole = Uint8Array.from({ length: size }, (_, index) => index % 251);
    service.steal(upload.memo.uploadId, whole.subarray(stored()?.bytes.length));
    timers.advance(10_000);
    await until("taken-over");
    upload.takeOver();
    await upload.done;
  },
);

test("a closed upload is resumed with its memo and the same file", async () => {
  const first = setUp();
  await first.partly();
  first.upload.close();
  first.go();
  await expect(first.upload.done).rejects.toMatchObject({ code: Code.Canceled });
  expect(first.upload.state.kind).toBe("closed");
  const memo = JSON.parse(JSON.stringify(first.upload.memo));
  const { upload, service } = setUp({ memo, service: first.service, method: "streaming", timers: immediateTimers });
  await upload.done;
  expect(service.sessions.size).toBe(1);
});

test("a memo of another file is refused before anything is sent", () => {
  const service = new ModelUploadService();
  const memo = newMemo(sourceOf(new Uint8Array(10)), "", () => crypto.randomUUID());
  const go = (source: UploadSource) => uploadFile(service.client, source, { memo });
  expect(() => go(sourceOf(new Uint8Array(11)))).toThrow("the file has changed: it has 11 bytes, and had 10");
  const later = blobSource(Object.assign(new Blob([new Uint8Array(10)]), { lastModified: 60_000 }));
  expect(() => go(later)).toThrow(FileChangedError);
  expect(service.calls).toEqual([]);
});

test("a file with the same size and time but other content is detected by its hash", async () => {
  const { service, upload, partly, go } = setUp();
  await partly();
  expect(upload.progress.committedBytes).toBeGreaterThan(0);
  upload.close();
  go();
  const other = new Uint8Array(size).fill(9);
  const second = setUp({ memo: upload.memo, service, source: sourceOf(other), timers: immediateTimers });
  const error = await second.upload.done.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(UploadFailedError);
  expect(error).toMatchObject({ remedy: "file-changed" });
  expect(second.stored()?.state).toBe(UploadState.OPEN);
});

test("an upload of a file that is modified in the meantime is not finished", async () => {
  const bytes = new Uint8Array(size);
  const source = { ...sourceOf(bytes), isUnchanged: async () => false };
  const { upload, stored, service } = setUp({ source, timers: immediateTimers });
  await expect(upload.done).rejects.toMatchObject({ remedy: "file-changed" });
  expect(service.calls).not.toContain("finish");
  expect(stored()?.state).toBe(UploadState.OPEN);
});

test.each(["chunked", "streaming"] as const)(
  "%s: a file that cannot be read fails the upload immediately",
  async (method) => {
    const hash = () => Promise.reject(new Error("EIO"));
    const { upload, kinds } = setUp({ method, hash });
    await expect(upload.done).rejects.toMatchObject({ remedy: "refused", message: "EIO" });
    expect(kinds().at(-1)).toBe("failed");
  },
);

test.each(["chunked", "streaming"] as const)("%s: a truncated file fails the upload", async (method) => {
  const bytes = new Uint8Array(size);
  const whole = sourceOf(bytes);
  const source: UploadSource = { ...whole, slice: (from, to) => whole.slice(from, Math.min(to, 300)) };
  const { upload } = setUp({ method, source, hash: async () => sha256(bytes) });
  await expect(upload.done).rejects.toMatchObject({ remedy: "file-changed" });
});

test("the upload waits until the server has verified the hash", async () => {
  const service = new ModelUploadService();
  service.polls = 3;
  const { upload, timers, until } = setUp({ service });
  await until("verifying");
  // The only timer may be the deadline of a response. Then it does not expire yet.
  const finishes = () => {
    if (timers.count === 1) timers.advance(1_000);
    return service.calls.filter((call) => call === "finish");
  };
  await expect.poll(finishes, quickly).toHaveLength(4);
  await upload.done;
});

test("a full store fails the upload with the server's error, and a later upload resumes it", async () => {
  const { upload, service } = setUp();
  service.failure = problem(Code.ResourceExhausted, QUOTA);
  const error = await upload.done.catch((reason: unknown) => reason);
  expect(error).toMatchObject({ remedy: "refused", code: Code.ResourceExhausted, problem: { reason: QUOTA } });
  service.failure = undefined;
  await setUp({ memo: upload.memo, service, timers: immediateTimers }).upload.done;
});

test.each([READ_ONLY, TOO_MANY])("a temporary problem is retried (%i)", async (reason) => {
  const { upload, service, timers, until } = setUp();
  service.failure = problem(Code.Unavailable, reason);
  await until("retrying");
  service.failure = undefined;
  timers.advance(10_000);
  await upload.done;
});

test.each(["chunked", "streaming"] as const)(
  "an upload that the server discarded before its first byte is started again (%s)",
  async (method) => {
    const { upload, service, until, go, bytes, stored } = setUp({ method, timers: immediateTimers });
    service.stopAt = 5; // after the start, before the first chunk
    await until("sending");
    upload.pause();
    await until("paused");
    service.sessions.clear();
    go();
    upload.resume();
    await upload.done;
    expect(stored()?.bytes).toEqual(bytes);
  },
);

test("an upload that the server discarded after its first byte fails", async () => {
  const { upload, service, partly, go } = setUp();
  await partly();
  upload.pause();
  service.sessions.clear();
  go();
  upload.resume();
  await expect(upload.done).rejects.toMatchObject({ remedy: "refused", code: Code.NotFound });
});

test("an upload that was aborted on the server fails as deleted", async () => {
  const { upload, service, partly, go } = setUp();
  await partly();
  upload.pause();
  go();
  await service.client.abortUpload({ uploadId: upload.memo.uploadId });
  upload.resume();
  await expect(upload.done).rejects.toMatchObject({ remedy: "gone" });
});

test("cancel aborts the upload on the server", async () => {
  const { upload, stored, partly, go } = setUp();
  await partly();
  go();
  await upload.cancel();
  expect(stored()?.state).toBe(UploadState.ABORTED);
  expect(upload.state.kind).toBe("closed");
});

test("cancel succeeds for an upload that never started", async () => {
  const { upload, service } = setUp();
  await upload.cancel();
  expect(service.calls).toEqual(["abort"]);
});

test("cancel rejects if the server cannot be reached", async () => {
  const { upload, service } = setUp({ timers: immediateTimers });
  service.failure = lost;
  await expect(upload.cancel()).rejects.toMatchObject({ code: Code.Unavailable });
  expect(service.calls.filter((call) => call === "abort")).toHaveLength(5);
});

test("the signal closes the upload", async () => {
  const end = new AbortController();
  const { until, stored, partly, go } = setUp({ signal: end.signal });
  await partly();
  end.abort();
  go();
  await until("closed");
  expect(stored()?.state).toBe(UploadState.OPEN);
  const never = setUp({ signal: end.signal });
  await never.until("closed");
  expect(never.service.calls).toEqual([]);
});

test("the progress has the rate and the remaining time of this client's bytes", async () => {
  const first = setUp();
  await first.partly();
  first.upload.close();
  first.go();
  const { service, timers, progress, upload } = setUp({ memo: first.upload.memo, service: first.service });
  service.mostInFlight = 0;
  service.stopAt = service.steps + 5; // the response to the first chunk
  await expect.poll(() => service.steps, quickly).toBeGreaterThan(service.stopAt);
  expect(upload.progress).toMatchObject({ bytesPerSecond: 0, remainingMs: undefined });
  const before = upload.progress.committedBytes;
  expect(before).toBeGreaterThan(0);
  timers.advance(2_000);
  first.go();
  await expect.poll(() => progress.length, quickly).toBeGreaterThan(1);
  expect(progress[1]).toEqual({
    committedBytes: before + modelChunkBytes,
    size,
    bytesPerSecond: modelChunkBytes / 2,
    remainingMs: ((size - before - modelChunkBytes) / modelChunkBytes) * 2_000,
  });
});

test("a streaming upload fetches the committed offset while it runs", async () => {
  const { upload, service, progress } = setUp({ method: "streaming", timers: immediateTimers });
  await upload.done;
  expect(service.calls).toContain("upload");
  expect(service.calls).toContain("get");
  expect(service.calls).not.toContain("chunk");
  expect(progress.at(-1)?.committedBytes).toBe(size);
});
