import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect, test } from "vitest";

const tracked = execFileSync("git", ["ls-files"], { encoding: "utf8" }).split("\n").filter(existsSync);
const pages = tracked.filter((path) => path.endsWith(".md"));

test.each(pages)("every link of %s leads to a file, and to a heading if it names one", (path) => {
  const links = [...withoutCode(readFileSync(path, "utf8")).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)];
  expect(links.map(([, link = ""]) => link).filter((link) => !leadsSomewhere(path, link))).toEqual([]);
});

test("every page under docs/ that a source or a test names exists", () => {
  const named = tracked
    .filter((path) => /\.(?:[jt]sx?|cjs|proto|json)$/.test(path))
    .flatMap((path) => readFileSync(path, "utf8").match(/(?<![\w/.])docs\/[\w/-]+\.md/g) ?? []);
  expect(named.filter((page) => !existsSync(page))).toEqual([]);
});

test("the index of the documentation links to every page", () => {
  const index = readFileSync("docs/README.md", "utf8");
  const listed = pages.filter((path) => /^docs\/(?:concepts|guides|reference|operation)\//.test(path));
  expect(listed.filter((path) => !index.includes(`](${path.slice("docs/".length)})`))).toEqual([]);
});

function leadsSomewhere(page: string, link: string): boolean {
  const [path = "", anchor] = link.split("#");
  const target = path === "" ? page : normalize(join(dirname(page), path));
  if (!existsSync(target)) return false;
  return anchor === undefined || anchorsOf(readFileSync(target, "utf8")).includes(anchor);
}

/** Returns the anchors of the headings of a page in GitHub's format. */
function anchorsOf(text: string): string[] {
  const headings = withoutCode(text).matchAll(/^#+ (.+)$/gm);
  return Array.from(headings, ([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );
}

function withoutCode(text: string): string {
  return text.replaceAll(/^```.*?^```$/gms, "");
}
