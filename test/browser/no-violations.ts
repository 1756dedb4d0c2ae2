import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";
import { expect } from "vitest";

const axeFile = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** Checks the accessibility of the current page with axe, and expects no violations. */
export async function expectNoViolations(page: Page): Promise<void> {
  await page.evaluate(await readFile(axeFile, "utf8"));
  const { violations } = await page.evaluate<Pick<AxeResults, "violations">>("axe.run()");
  const messages = violations.map(
    ({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html).join("\n")}`,
  );
  expect(messages).toEqual([]);
}
