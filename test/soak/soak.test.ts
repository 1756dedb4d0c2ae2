import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";

/** The soak takes seconds on an idle machine. */
const timeout = 120_000;

test("a soak of a few seconds loses no quote and reports its counts", { tags: ["slow"], timeout }, async () => {
  const env = { ...process.env, BOURSE_SOAK_MINUTES: "0.15", BOURSE_SOAK_SUBSCRIBERS: "12" };
  const { stdout } = await promisify(execFile)(process.execPath, ["test/soak/run-soak.ts"], { env });
  expect(stdout).toMatch(/^ *minute +RSS MB/m);
  expect(stdout).toMatch(/^0 gaps in [\d,]{3,} quotes; 0 problems\.$/m);
  expect(stdout).toMatch(/^RSS has no verdict/m);
  expect(stdout).toMatch(/^passed$/m);
});
