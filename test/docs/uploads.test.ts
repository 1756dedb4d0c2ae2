import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { UploadProblemReason as Reason } from "../../gen/bourse/upload/v1/upload_pb.ts";
import {
  decide,
  maxChunkBytes,
  type UploadEvent,
  type UploadState,
} from "../../server/upload/session/upload-state-machine.ts";
import type { UploadPhase } from "../../server/upload/store/upload-record.ts";

const path = "docs/concepts/uploads.md";
const page = await readFile(new URL(`../../${path}`, import.meta.url), "utf8");
const phases: UploadPhase[] = ["open", "verifying", "complete", "aborted", "expired", "damaged"];

/** Eight bytes are received and committed; the generation of the writer is 2. */
const progress = { received: 8, committed: 8, generation: 2, sha256: "aa", expectedSha256: "aa" };
const chunk = { kind: "chunk", generation: 2, length: 4 } as const;
const finish = { kind: "finish", generation: 2 } as const;

const events: readonly (readonly [string, UploadEvent, Partial<UploadState>?])[] = [
  ["start with the same metadata", { kind: "start" }],
  ["start with other metadata", { kind: "start", difference: "the upload was started with the size 8, not 9" }],
  ["chunk at the received offset", { ...chunk, offset: 8 }],
  ["chunk of received bytes", { ...chunk, offset: 0 }],
  ["chunk ahead by at most one chunk", { ...chunk, offset: 9 }],
  ["chunk further ahead", { ...chunk, offset: 9 + maxChunkBytes }],
  ["chunk beyond the announced size", { ...chunk, offset: 8 }, { size: 8 }],
  ["chunk of a previous writer, at the received offset", { ...chunk, offset: 8, generation: 1 }],
  ["more bytes are committed", { kind: "committed", offset: 8 }],
  ["received bytes could not be written", { kind: "dropped", received: 8 }],
  ["finish, all bytes received", { ...finish, size: 8, sha256: "aa" }, { size: 8 }],
  ["finish, bytes missing", { ...finish, size: 9 }, { size: 9 }],
  ["finish with a hash other than announced", { ...finish, size: 8, sha256: "bb" }, { size: 8 }],
  ["finish by a previous writer", { ...finish, generation: 1 }, { size: 8 }],
  ["computed hash matches", { kind: "hashComputed", sha256: "aa" }],
  ["computed hash differs", { kind: "hashComputed", sha256: "bb" }],
  ["hash cannot be computed", { kind: "hashFailed" }],
  ["abort", { kind: "abort" }],
  ["expiry", { kind: "expire" }],
  ["server start, file has the committed length", { kind: "fileChecked", bytes: 8 }],
  ["server start, file is longer", { kind: "fileChecked", bytes: 9 }],
  ["server start, file is shorter", { kind: "fileChecked", bytes: 7 }],
];

test(`the table of ${path} is the behaviour of the state machine`, () => {
  const rows = events.map(([name, event, change]) => [name, ...phases.map((phase) => cell(phase, event, change))]);
  const table = [["", ...phases], ["---", ...phases.map(() => "---")], ...rows];
  expect(page).toContain(table.map((cells) => `| ${cells.join(" | ")} |`).join("\n"));
});

test(`${path} has every reason of a refusal, with its code and what to do`, () => {
  const reasons = Object.keys(Reason).filter((name) => name !== "UNSPECIFIED");
  for (const reason of reasons) expect(page).toMatch(new RegExp(`^\\| \`${reason}\` \\| [A-Z_]+ \\| .+ \\|$`, "m"));
});

function cell(phase: UploadPhase, event: UploadEvent, change?: Partial<UploadState>): string {
  const size = phase === "complete" ? { size: 8 } : change;
  const outcome = decide({ phase, ...progress, ...size }, event, { maxFileBytes: 2 ** 40 });
  return outcome.kind === "refuse" ? `refuse: ${outcome.reason}` : outcome.kind;
}
