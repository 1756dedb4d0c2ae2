import { Code, ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { UploadFailedError } from "../../../../client/upload/upload-problem.ts";
import { formatBytes } from "../../shared/format-bytes.ts";
import { formatRemaining } from "../../shared/format-remaining.ts";
import { queueFigures, queueSentence } from "./queue-sentence.ts";
import { shareOf } from "./uploads-share.tsx";

const view = { id: "", name: "a", size: 4_000_000, productId: "" };
const progress = { committedBytes: 1_000_000, size: 4_000_000, bytesPerSecond: 100_000, remainingMs: 30_000 };

test("bytes are written in the unit that fits", () => {
  const texts = [0, 1, 999, 1_000, 1_234_567, 999_499, 999_500, 20e9, 5e15].map(formatBytes);
  expect(texts).toEqual([
    "0 bytes",
    "1 byte",
    "999 bytes",
    "1.0 kB",
    "1.23 MB",
    "999 kB",
    "1.0 MB",
    "20 GB",
    "5,000 TB",
  ]);
});

test("the time that is left is written in words that do not jump", () => {
  const texts = [1, 59_000, 90_000, 3_600_000, 2 * 3_600_000 + 300_000, 5 * 86_400_000].map(formatRemaining);
  expect(texts).toEqual(["1 s left", "59 s left", "2 min left", "1 h 0 min left", "2 h 5 min left", "5 days left"]);
});

test("figures tell how much, how fast and how long, as far as they mean something", () => {
  expect(queueFigures({ ...view, state: { kind: "queued" }, progress: undefined })).toBe("4.0 MB");
  expect(queueFigures({ ...view, state: { kind: "sending" }, progress })).toBe(
    "1.0 MB of 4.0 MB · 25 % · 100 kB/s · 30 s left",
  );
  expect(queueFigures({ ...view, state: { kind: "paused" }, progress })).toBe("1.0 MB of 4.0 MB · 25 %");
});

test("a lost line is told in plain words, a refusal in the server's", () => {
  const reason = new TypeError("Failed to fetch");
  expect(queueSentence({ kind: "waiting", retryAt: 0, reason })).toBe(
    "Waiting: The server cannot be reached. It goes on by itself.",
  );
  const refusal = new ConnectError("the store is full: 5 of 5 bytes are taken", Code.ResourceExhausted);
  expect(queueSentence({ kind: "failed", error: new UploadFailedError("refused", refusal) })).toBe(
    "The server did not take it: the store is full: 5 of 5 bytes are taken.",
  );
});

test("the share in the navigation is of what is on its way", () => {
  const sending = { ...view, state: { kind: "sending" as const }, progress };
  const queued = { ...view, state: { kind: "queued" as const }, progress: undefined };
  expect(shareOf([])).toBeUndefined();
  expect(shareOf([queued])).toBeUndefined();
  expect(shareOf([sending, queued])).toBe(12);
});
