import { Code, ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { UploadFailedError } from "../../../../client/upload/upload-error-remedy.ts";
import { describeUploadState, formatUploadProgress } from "./format-upload-state.ts";
import { totalPercent } from "./upload-progress-badge.tsx";

const view = { id: "", name: "a", size: 4_000_000, productId: "" };
const progress = { committedBytes: 1_000_000, size: 4_000_000, bytesPerSecond: 100_000, remainingMs: 30_000 };

test("the progress has bytes, percent, rate and remaining time, as far as they are known", () => {
  expect(formatUploadProgress({ ...view, state: { kind: "queued" }, progress: undefined })).toBe("4.0 MB");
  expect(formatUploadProgress({ ...view, state: { kind: "sending" }, progress })).toBe(
    "1.0 MB of 4.0 MB · 25 % · 100 kB/s · 30 s left",
  );
  expect(formatUploadProgress({ ...view, state: { kind: "paused" }, progress })).toBe("1.0 MB of 4.0 MB · 25 %");
});

test("a lost connection has its own description, a refusal the server's message", () => {
  const reason = new TypeError("Failed to fetch");
  expect(describeUploadState({ kind: "reconnecting", retryAt: 0, reason })).toBe(
    "The server cannot be reached. The upload resumes automatically.",
  );
  const refusal = new ConnectError("the store is full: 5 of 5 bytes are used", Code.ResourceExhausted);
  expect(describeUploadState({ kind: "failed", error: new UploadFailedError("refused", refusal) })).toBe(
    "The server rejected the upload: the store is full: 5 of 5 bytes are used.",
  );
});

test("the percentage in the navigation is of active and queued uploads", () => {
  const sending = { ...view, state: { kind: "sending" as const }, progress };
  const queued = { ...view, state: { kind: "queued" as const }, progress: undefined };
  expect(totalPercent([])).toBeUndefined();
  expect(totalPercent([queued])).toBeUndefined();
  expect(totalPercent([sending, queued])).toBe(12);
});
