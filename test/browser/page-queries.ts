import type { Locator, Page } from "playwright-core";

/** Options of `expect.poll`: the deadline and the interval in milliseconds. */
export const pollOptions = { timeout: 20_000, interval: 50 };

/** Returns the text of an element in the document. */
export async function textOf(locator: Locator): Promise<string> {
  return (await locator.textContent()) ?? "";
}

/** Returns whether a message is a problem of the page. The browser also reports refused and broken connections. */
export function isPageProblem(problem: string): boolean {
  return !problem.includes("net::ERR_");
}

/** Returns the text of the focused element. */
export function focusedText(page: Page): Promise<string> {
  return page.evaluate<string>("document.activeElement.textContent");
}

/** Presses Tab until the element with this text has the focus. */
export async function tabTo(page: Page, text: string): Promise<void> {
  for (let steps = 0; steps < 40; steps++) {
    await page.keyboard.press("Tab");
    if ((await focusedText(page)) === text) return;
  }
  throw new Error(`the Tab key does not reach "${text}"`);
}
