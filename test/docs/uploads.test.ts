import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { UploadProblemReason as Reason } from "../../gen/bourse/upload/v1/upload_pb.ts";
import type { Progress, UploadEvent } from "../../server/upload/session/upload-events.ts";
import { decide, maxChunkBytes } from "../../server/upload/session/upload-machine.ts";
import type { UploadPhase } from "../../server/upload/store/upload-record.ts";
import { testInvariantsOf } from "./invariants-of.ts";

const path = "docs/concepts/uploads.md";
const page = await readFile(new URL(`../../${path}`, import.meta.url), "utf8");
const phases: UploadPhase[] = ["open", "verifying", "complete", "aborted", "expired", "damaged"];

/** Eight bytes are there and safe; the writer's generation is 2. */
const there = { received: 8, committed: 8, generation: 2, sha256: "aa", expected: "aa" };
const chunk = { kind: "chunk", generation: 2, length: 4 } as const;
const finish = { kind: "finish", generation: 2 } as const;

const events: readonly (readonly [string, UploadEvent, Partial<Progress>?])[] = [
  ["start, with the same words", { kind: "start" }],
  ["start, with other words", { kind: "start", difference: "its size was 8, not 9" }],
  ["chunk that follows", { ...chunk, offset: 8 }],
  ["chunk that is there", { ...chunk, offset: 0 }],
  ["chunk ahead by less than a chunk", { ...chunk, offset: 9 }],
  ["chunk further ahead", { ...chunk, offset: 9 + maxChunkBytes }],
  ["chunk past the announced size", { ...chunk, offset: 8 }, { size: 8 }],
  ["chunk of a writer that was taken over", { ...chunk, offset: 8, generation: 1 }],
  ["more is safe on the disk", { kind: "committed", offset: 8 }],
  ["what was taken could not be written", { kind: "lost", received: 8 }],
  ["finish, all is there", { ...finish, size: 8, sha256: "aa" }, { size: 8 }],
  ["finish, bytes are missing", { ...finish, size: 9 }, { size: 9 }],
  ["finish, with another hash than announced", { ...finish, size: 8, sha256: "bb" }, { size: 8 }],
  ["finish by a writer that was taken over", { ...finish, generation: 1 }, { size: 8 }],
  ["the hash is as expected", { kind: "hashed", sha256: "aa" }],
  ["the hash is another", { kind: "hashed", sha256: "bb" }],
  ["the hash cannot be counted", { kind: "unhashed" }],
  ["abort", { kind: "abort" }],
  ["nothing came for too long", { kind: "expire" }],
  ["at the start of the server: the file is as long", { kind: "found", bytes: 8 }],
  ["at the start of the server: it is longer", { kind: "found", bytes: 9 }],
  ["at the start of the server: it is shorter", { kind: "found", bytes: 7 }],
];

await testInvariantsOf(path);

test(`the table of ${path} is what the state machine does`, () => {
  const rows = events.map(([name, event, change]) => [name, ...phases.map((phase) => cell(phase, event, change))]);
  const table = [["", ...phases], ["---", ...phases.map(() => "---")], ...rows];
  expect(page).toContain(table.map((cells) => `| ${cells.join(" | ")} |`).join("\n"));
});

test(`${path} tells what follows each reason for a refusal`, () => {
  const reasons = Object.keys(Reason).filter((name) => name !== "UNSPECIFIED");
  for (const reason of reasons) expect(page).toMatch(new RegExp(`^\\| \`${reason}\` \\| [A-Z_]+ \\| .+ \\|$`, "m"));
});

function cell(phase: UploadPhase, event: UploadEvent, change?: Partial<Progress>): string {
  const size = phase === "complete" ? { size: 8 } : change;
  const outcome = decide({ phase, ...there, ...size }, event, { maxFileBytes: 2 ** 40 });
  return outcome.kind === "refuse" ? `refuse: ${outcome.problem}` : outcome.kind;
}
