import type { Page } from "playwright-core";
import { expect } from "vitest";
import { pollOptions, textOf } from "./page-queries.ts";

/** Queries and actions of the catalogue page. */
export function cataloguePage(page: Page) {
  const status = page.locator(".status");
  const rows = page.locator("tr[data-product]");
  const cells = (column: number) => rows.locator(`td:nth-child(${column})`).allTextContents();
  return {
    rows,
    dialog: page.getByRole("dialog"),
    field: (label: string) => page.getByLabel(label, { exact: true }),
    button: (name: string) => page.getByRole("button", { name, exact: true }),
    state: (state: string) => expect.poll(() => status.getAttribute("data-state"), pollOptions).toBe(state),
    message: (text: string | RegExp) =>
      expect.poll(() => textOf(status.getByRole("status")), pollOptions).toMatch(text),
    names: () => rows.locator("th").allTextContents(),
    prices: async () => (await cells(3)).map((text) => Number(text.replace(/[$,]/g, ""))),
    summaries: () => cells(4),
    /** Returns the value of a field in the dialog of a product, by its label. */
    detail: (name: string) => textOf(page.locator(`[data-detail="${name.toLowerCase()}"] dd`)),
  };
}
