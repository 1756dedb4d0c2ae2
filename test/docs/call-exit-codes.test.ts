import { readFileSync } from "node:fs";
import { Code } from "@connectrpc/connect";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import { expect, test } from "vitest";
import { exitCodeOf } from "../../cli/call/call-error.ts";

test("docs/guides/call-any-method.md has the exit code of each code", () => {
  const page = readFileSync("docs/guides/call-any-method.md", "utf8");
  const documented = Array.from(page.matchAll(/^\| `(\w+)`.* \| (\d+) \|$/gm), ([, code, exitCode]) => [
    code,
    exitCode,
  ]);
  const codes = Object.values(Code).filter((code) => typeof code === "number");
  expect(documented).toEqual(codes.map((code) => [codeToString(code), String(exitCodeOf(code))]));
});
