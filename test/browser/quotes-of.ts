import type { Locator, Page } from "playwright-core";
import { expect } from "vitest";

/** How long something on a page may take to come, in milliseconds. */
export const patience = { timeout: 20_000, interval: 50 };

/** The quotes page as a user sees it. */
export function quotesOf(page: Page) {
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
    state: (state: string) => expect.poll(() => status.getAttribute("data-state"), patience).toBe(state),
    mode: (mode: string) => expect.poll(() => status.getAttribute("data-mode"), patience).toBe(mode),
    async moves(): Promise<void> {
      const before = await textOf(body);
      await expect.poll(() => textOf(body), patience).not.toBe(before);
    },
    count,
    async beats(): Promise<void> {
      const before = await count("heartbeats");
      await expect.poll(() => count("heartbeats"), patience).toBeGreaterThan(before);
    },
    async skipped(): Promise<number> {
      const note = /Resumed: ([\d,]+) updates? skipped/;
      await expect.poll(() => textOf(status), patience).toMatch(note);
      return Number(note.exec(await textOf(status))?.[1]?.replaceAll(",", ""));
    },
    symbols: () => body.locator("th").allTextContents(),
  };
}

/** The text of an element, as it stands in the document. */
export async function textOf(locator: Locator): Promise<string> {
  return (await locator.textContent()) ?? "";
}

/** Whether a problem is the page's own: the browser itself reports each connection that was cut or refused. */
export function isOfPage(problem: string): boolean {
  return !problem.includes("net::ERR_");
}

/** The text of what the keyboard works on. */
export function focusedText(page: Page): Promise<string> {
  return page.evaluate<string>("document.activeElement.textContent");
}

/** Presses Tab until the element with a text has the focus. */
export async function tabTo(page: Page, text: string): Promise<void> {
  for (let steps = 0; steps < 40; steps++) {
    await page.keyboard.press("Tab");
    if ((await focusedText(page)) === text) return;
  }
  throw new Error(`the Tab key does not reach ${text}`);
}
