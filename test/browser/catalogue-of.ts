import type { Page } from "playwright-core";
import { expect } from "vitest";
import { patience, textOf } from "./quotes-of.ts";

/** The catalogue page as a user sees it. */
export function catalogueOf(page: Page) {
  const status = page.locator(".status");
  const rows = page.locator("tr[data-product]");
  const cells = (column: number) => rows.locator(`td:nth-child(${column})`).allTextContents();
  return {
    status,
    rows,
    dialog: page.getByRole("dialog"),
    field: (label: string) => page.getByLabel(label, { exact: true }),
    button: (name: string) => page.getByRole("button", { name, exact: true }),
    state: (state: string) => expect.poll(() => status.getAttribute("data-state"), patience).toBe(state),
    says: (text: string | RegExp) => expect.poll(() => textOf(status.getByRole("status")), patience).toMatch(text),
    names: () => rows.locator("th").allTextContents(),
    prices: async () => (await cells(3)).map((text) => Number(text.replace(/[$,]/g, ""))),
    summaries: () => cells(4),
    /** What the dialog tells of a product, by the name that stands beside it. */
    detail: (name: string) => textOf(page.locator(`[data-detail="${name.toLowerCase()}"] dd`)),
  };
}
