import { readFileSync } from "node:fs";

const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");

/** The commands of the README's shell blocks, a line each, in their order. */
export function readmeCommands(): string[] {
  return readmeBlocks("sh").flatMap((block) => block.split("\n").filter((line) => line !== ""));
}

/** The contents of the README's fenced blocks in a language. */
export function readmeBlocks(language: string): string[] {
  return fencedBlocks(readme, language);
}

/** The contents of a page's fenced blocks in a language. */
export function fencedBlocks(page: string, language: string): string[] {
  return [...page.matchAll(/^```(\w*)\n(.*?)\n```$/gms)].flatMap(([, fence, text = ""]) =>
    fence === language ? [text] : [],
  );
}

/** The languages of all fenced blocks. */
export function readmeLanguages(): Set<string> {
  return new Set([...readme.matchAll(/^```(\w+)$/gm)].map(([, language = ""]) => language));
}

/** The rows of the table under a heading, each with the text of its cells, without the table's own head. */
export function readmeTable(heading: string): string[][] {
  const section = readme.split(`\n## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";
  const rows = section.split("\n").filter((line) => line.startsWith("|"));
  return rows.slice(2).map((row) =>
    row
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}
