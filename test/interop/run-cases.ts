import { deepStrictEqual } from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";

/** The cases by name. A case fails if it rejects. */
export type Cases = Readonly<Record<string, () => Promise<void>>>;

/** The time limit of a case. */
const caseLimitMs = 40_000;

/** Runs cases, prints `PASS case` or `FAIL case: reason` for each, and ends the process with exit code 0 or 1. */
export async function runCases(cases: Cases): Promise<never> {
  let exitCode = 0;
  for (const [name, run] of Object.entries(cases)) {
    try {
      const tooLate = wait(caseLimitMs, undefined, { ref: false }).then(() => {
        throw new Error(`not complete after ${caseLimitMs / 1_000} s`);
      });
      await Promise.race([run(), tooLate]);
      process.stdout.write(`PASS ${name}\n`);
    } catch (error) {
      exitCode = 1;
      process.stdout.write(`FAIL ${name}: ${String(error).replaceAll(/\s+/g, " ").slice(0, 600)}\n`);
    }
  }
  process.exit(exitCode);
}

/** Fails the case unless both values are equal. */
export function expectEqual<T>(what: string, got: T, want: T): void {
  try {
    deepStrictEqual(got, want);
  } catch {
    throw new Error(`${what}: got ${shown(got)}, want ${shown(want)}`);
  }
}

/** Fails the case unless the condition is true. */
export function expectTrue(what: string, holds: boolean): void {
  if (!holds) throw new Error(`expected: ${what}`);
}

/** Returns an environment variable that the runner sets. */
export function mustGet(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set; run npm run test:interop`);
  return value;
}

function shown(value: unknown): string {
  return (typeof value === "string" ? value : String(JSON.stringify(value))).slice(0, 300);
}
