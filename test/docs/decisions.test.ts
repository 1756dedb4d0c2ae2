import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const folder = "docs/decisions";
const index = readFileSync(`${folder}/README.md`, "utf8");
const records = readdirSync(folder)
  .filter((file) => file !== "README.md")
  .map((file) => ({ file, text: readFileSync(`${folder}/${file}`, "utf8") }));

const parts = ["Status", "Context", "Decision", "Alternatives", "Consequences"];

test("the records are numbered without a gap", () => {
  const numbers = records.map(({ file }) => Number.parseInt(file, 10)).toSorted((a, b) => a - b);
  expect(numbers).toEqual(records.map((_, at) => at + 1));
});

test.each(records)("$file has a status and the parts of a record, in order", ({ file, text }) => {
  expect(text).toMatch(
    new RegExp(`^# ${Number.parseInt(file, 10)}\\. .+\n\n\\*\\*Status\\.\\*\\* (?:Accepted|Superseded by)`),
  );
  const headings = Array.from(text.matchAll(/^\*\*(\w+)\.\*\*/gm), ([, heading = ""]) => heading);
  expect(headings.filter((heading) => heading !== "Alternatives")).toEqual([
    "Status",
    "Context",
    "Decision",
    "Consequences",
  ]);
  expect(headings).toEqual(parts.filter((part) => headings.includes(part)));
});

test.each(records)("the index has the title and the status of $file", ({ file, text }) => {
  const title = /^# (.+)$/m.exec(text)?.[1];
  expect(index).toContain(`| [${title}](${file}) | ${shortStatus(text)} |`);
});

/** Returns the status of a record in the format of the index: "Accepted", or the records that supersede it. */
function shortStatus(text: string): string {
  const status = /^\*\*Status\.\*\* (.+)$/m.exec(text)?.[1] ?? "";
  const superseded = /Superseded (in part )?by ([^:.]+)/.exec(status.replaceAll(/\]\([^)]+\)/g, "]"));
  if (superseded === null) return "Accepted";
  return `Superseded ${superseded[1] ?? ""}by ${superseded[2]?.replaceAll(/[[\]]/g, "")}`;
}
