import fc from "fast-check";
import { expect, test } from "vitest";
import type { UploadPhase } from "../store/upload-record.ts";
import { decide, maxChunkBytes, type Outcome, type UploadEvent, type UploadState } from "./upload-state-machine.ts";

const phases: UploadPhase[] = ["open", "verifying", "complete", "aborted", "expired", "damaged"];
const hashes = ["aa", "bb"];
const limits = { maxFileBytes: 4 * maxChunkBytes };

const offset = fc.oneof(fc.nat(20), fc.nat(5 * maxChunkBytes));
const hash = fc.option(fc.constantFrom(...hashes), { nil: undefined });
const size = fc.option(fc.nat(20), { nil: undefined });

const state: fc.Arbitrary<UploadState> = fc
  .record({
    phase: fc.constantFrom(...phases),
    received: fc.nat(20),
    unsynced: fc.nat(20),
    generation: fc.integer({ min: 1, max: 3 }),
    size,
    sha256: hash,
    expectedSha256: hash,
  })
  .map(({ unsynced, received, ...rest }) => ({ ...rest, received, committed: Math.max(0, received - unsynced) }));

const event: fc.Arbitrary<UploadEvent> = fc.oneof(
  fc.record({
    kind: fc.constant("start" as const),
    difference: fc.option(fc.constant("the upload was started with the size 8, not 9"), { nil: undefined }),
  }),
  fc.record({
    kind: fc.constant("chunk" as const),
    generation: fc.integer({ min: 1, max: 3 }),
    offset,
    length: offset,
  }),
  fc.record({ kind: fc.constant("committed" as const), offset: fc.nat(20) }),
  fc.record({ kind: fc.constant("dropped" as const), received: fc.nat(20) }),
  fc.record({
    kind: fc.constant("finish" as const),
    generation: fc.integer({ min: 1, max: 3 }),
    size,
    sha256: hash,
  }),
  fc.record({ kind: fc.constant("hashComputed" as const), sha256: fc.constantFrom(...hashes) }),
  fc.constantFrom(...(["hashFailed", "abort", "expire"] as const)).map((kind) => ({ kind })),
  fc.record({ kind: fc.constant("fileChecked" as const), bytes: fc.option(fc.nat(20), { nil: undefined }) }),
);

test("every event has an outcome in every state, and the next state keeps the guarantees", () => {
  fc.assert(
    fc.property(state, event, (before, happened) => {
      const outcome = decide(before, happened, limits);
      const after = nextOf(outcome) ?? before;
      expect(after.committed).toBeGreaterThanOrEqual(before.committed);
      if (after.phase === "open" || after.phase === "complete") {
        if (happened.kind !== "committed") expect(after.received).toBeGreaterThanOrEqual(after.committed);
      }
      expect(after.generation).toBeGreaterThanOrEqual(before.generation);
      if (before.phase === "aborted" || before.phase === "expired") expect(after).toEqual(before);
      if (after.phase === "complete" && before.phase !== "complete") {
        expect([before.phase, happened.kind]).toEqual(["verifying", "hashComputed"]);
        expect(after).toMatchObject({ size: before.received });
        if (before.expectedSha256 !== undefined) expect(after.sha256).toBe(before.expectedSha256);
      }
      if (happened.kind === "chunk" && happened.generation !== before.generation && before.phase === "open") {
        expect(outcome).toMatchObject({ kind: "refuse", reason: "STALE_WRITER" });
      }
      if (outcome.kind === "append") {
        expect(outcome.overlap).toBeGreaterThanOrEqual(0);
        expect(outcome.next.received).toBeGreaterThan(before.received);
        expect(outcome.next.received).toBeLessThanOrEqual(before.size ?? limits.maxFileBytes);
      }
      if (outcome.kind === "refuse") expect(outcome.message).toMatch(/^[^A-Z].*[^.]$/s);
    }),
    { numRuns: 20_000 },
  );
});

test("a wrong hash can be corrected by a finish only if it was not announced at the start", () => {
  const verifying = { phase: "verifying", received: 8, committed: 8, generation: 1, expectedSha256: "aa" } as const;
  const computed = { kind: "hashComputed", sha256: "bb" } as const;
  expect(decide(verifying, computed, limits)).toMatchObject({
    reason: "HASH",
    message: expect.stringMatching(/the SHA-256 bb, not aa; finish with the right SHA-256, or abort and send/),
  });
  expect(decide({ ...verifying, sha256: "aa" }, computed, limits)).toMatchObject({
    reason: "HASH",
    message: expect.stringMatching(
      /the SHA-256 bb, not the announced aa; abort and send the file with a new upload id$/,
    ),
  });
});

test("an upload with reordered chunks completes after a wrong and a right hash", () => {
  let now: UploadState = { phase: "open", received: 0, committed: 0, generation: 0 };
  const apply = (it: UploadEvent) => {
    const outcome = decide(now, it, limits);
    now = nextOf(outcome) ?? now;
    return outcome.kind;
  };
  expect(apply({ kind: "start" })).toBe("acquire");
  expect(apply({ kind: "chunk", generation: 1, offset: 4, length: 4 })).toBe("wait");
  expect(apply({ kind: "chunk", generation: 1, offset: 0, length: 4 })).toBe("append");
  expect(apply({ kind: "chunk", generation: 1, offset: 4, length: 4 })).toBe("append");
  expect(apply({ kind: "chunk", generation: 1, offset: 2, length: 4 })).toBe("compare");
  expect(apply({ kind: "finish", generation: 1, size: 9 })).toBe("refuse");
  expect(apply({ kind: "committed", offset: 8 })).toBe("update");
  expect(apply({ kind: "finish", generation: 1, size: 8, sha256: "aa" })).toBe("verify");
  expect(apply({ kind: "finish", generation: 1, size: 8, sha256: "aa" })).toBe("none");
  expect(apply({ kind: "hashComputed", sha256: "bb" })).toBe("refuse");
  expect(now.phase).toBe("open");
  expect(apply({ kind: "finish", generation: 1, size: 8, sha256: "bb" })).toBe("verify");
  expect(apply({ kind: "hashComputed", sha256: "bb" })).toBe("publish");
  expect(now).toMatchObject({ phase: "complete", size: 8, sha256: "bb", committed: 8 });
  expect(apply({ kind: "start", difference: "the upload was started with the size 8, not 9" })).toBe("refuse");
  expect(apply({ kind: "expire" })).toBe("none");
  expect(apply({ kind: "abort" })).toBe("discard");
});

function nextOf(outcome: Outcome): UploadState | undefined {
  return "next" in outcome ? outcome.next : undefined;
}
