import type { Page } from "playwright-core";
import { expect } from "vitest";
import { pollOptions, textOf } from "./page-queries.ts";

/** Queries and actions of the quotes page. */
export function quotesPage(page: Page) {
  const status = page.locator(".status");
  const body = page.locator(".quote-table tbody");
  const count = async (label: string): Promise<number> => {
    const text = await textOf(page.locator(`[data-count="${label}"] dd`));
    return Number(text.replaceAll(",", ""));
  };
  return {
    body,
    status,
    button: (name: string) => page.getByRole("button", { name, exact: true }),
    state: (state: string) => expect.poll(() => status.getAttribute("data-state"), pollOptions).toBe(state),
    mode: (mode: string) => expect.poll(() => status.getAttribute("data-mode"), pollOptions).toBe(mode),
    async moves(): Promise<void> {
      const before = await textOf(body);
      await expect.poll(() => textOf(body), pollOptions).not.toBe(before);
    },
    count,
    async beats(): Promise<void> {
      const before = await count("heartbeats");
      await expect.poll(() => count("heartbeats"), pollOptions).toBeGreaterThan(before);
    },
    async skipped(): Promise<number> {
      const note = /Resumed: ([\d,]+) updates? skipped/;
      await expect.poll(() => textOf(status), pollOptions).toMatch(note);
      return Number(note.exec(await textOf(status))?.[1]?.replaceAll(",", ""));
    },
    symbols: () => body.locator("th").allTextContents(),
  };
}
