import { readFileSync } from "node:fs";

/** The pages whose commands are executed by tests. */
const executedPages = [
  "README.md",
  "docs/guides/tour.md",
  "docs/guides/quote-sources.md",
  "docs/guides/call-any-method.md",
];

const texts = executedPages.map((page) => readFileSync(new URL(`../../${page}`, import.meta.url), "utf8"));

/** The commands in the shell blocks of the executed pages, one for each line, in their order. */
export function documentCommands(): string[] {
  return documentBlocks("sh").flatMap((block) => block.split("\n").filter((line) => line !== ""));
}

/** The contents of the fenced blocks of the executed pages in a language. */
export function documentBlocks(language: string): string[] {
  return texts.flatMap((text) => fencedBlocks(text, language));
}

/** The contents of a page's fenced blocks in a language. */
export function fencedBlocks(page: string, language: string): string[] {
  return [...page.matchAll(/^```(\w*)\n(.*?)\n```$/gms)].flatMap(([, fence, text = ""]) =>
    fence === language ? [text] : [],
  );
}

/** The languages of the fenced blocks of the executed pages. */
export function documentLanguages(): Set<string> {
  return new Set(texts.flatMap((text) => Array.from(text.matchAll(/^```(\w+)$/gm), ([, language = ""]) => language)));
}
