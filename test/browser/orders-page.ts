import type { Page } from "playwright-core";
import { expect } from "vitest";
import { pollOptions, textOf } from "./page-queries.ts";

/** Queries and actions of the orders page. */
export function ordersPage(page: Page) {
  const status = page.locator(".status");
  const table = page.getByRole("grid");
  const attribute = async (name: string) => Number(await status.getAttribute(name));
  return {
    status,
    table,
    button: (name: string) => page.getByRole("button", { name, exact: true }),
    state: (state: string) => expect.poll(() => status.getAttribute("data-state"), pollOptions).toBe(state),
    received: () => attribute("data-received"),
    total: () => attribute("data-total"),
    receives: (count: number) => expect.poll(() => attribute("data-received"), pollOptions).toBeGreaterThan(count),
    attempts: async () => Number(await textOf(page.locator('[data-count="attempts"] dd'))),
    verdict: () => textOf(page.locator(".verdict")),
    trailer: (name: string) => textOf(page.locator(`[data-name="${name}"] dd`)),
    digest: () => textOf(page.locator(".digest")),
    /** Returns the number of orders in the summary: of all orders, or of a currency. */
    summed: (currency: string) => textOf(page.locator(`[data-total="${currency}"] dd`)),
    row: (index: number) => page.locator(`[data-row="${index}"]`),
    /** Returns the focused cell, as a screen reader finds it. */
    focused: () =>
      page.evaluate<{ row: string | undefined; column: string | undefined; text: string | null }>(`({
        row: document.activeElement.parentElement?.getAttribute("aria-rowindex") ?? undefined,
        column: document.activeElement.dataset.column,
        text: document.activeElement.textContent,
      })`),
  };
}

/** Limits the download rate of the page in bytes per second. 0: no limit. */
export async function throttle(page: Page, bytesPerSecond: number): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  const downloadThroughput = bytesPerSecond === 0 ? -1 : bytesPerSecond;
  const conditions = { offline: false, latency: 0, downloadThroughput, uploadThroughput: -1 };
  await session.send("Network.emulateNetworkConditions", conditions);
}
