import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { ProductService } from "../../gen/bourse/product/v1/product_service_pb.ts";
import { cataloguePage } from "./catalogue-page.ts";
import { expectNoViolations } from "./no-violations.ts";
import { focusedText, isPageProblem, pollOptions, tabTo, textOf } from "./page-queries.ts";
import { results, serveDashboard } from "./serve-dashboard.ts";

const dashboard = serveDashboard(["--demo-orders", "1"]);
const { open, problems } = dashboard;

function client() {
  return createClient(ProductService, createConnectTransport({ baseUrl: dashboard.server.url, httpVersion: "2" }));
}

/** Counts the searches that a page requests from now on. */
function countSearches(page: Page): () => number {
  let count = 0;
  page.on("request", (request) => {
    if (request.url().includes("bourse.product.v1.ProductService/SearchProducts")) count++;
  });
  return () => count;
}

test("the catalogue is loaded in pages on request until it is complete", async () => {
  const all: string[] = [];
  for await (const { product } of client().listProducts({})) all.push(product?.name ?? "");
  expect(all.length).toBeGreaterThan(100);
  const page = await open("/catalogue");
  const catalogue = cataloguePage(page);
  await catalogue.message("Showing the first 100 products; there are more");
  expect(await catalogue.names()).toEqual(all.slice(0, 100));
  for (let shown = 100; shown < all.length; shown += 100) {
    await catalogue.button("Show 100 more").click();
    await expect.poll(() => catalogue.rows.count(), pollOptions).toBe(Math.min(all.length, shown + 100));
  }
  await catalogue.message(`${all.length} products found`);
  expect(await catalogue.names()).toEqual(all);
  expect(await textOf(page.locator('[data-name="bourse-cursor"] dd'))).not.toBe("");
});

test("a search starts when typing pauses, and the address contains the search", async () => {
  const page = await open("/catalogue");
  const catalogue = cataloguePage(page);
  await catalogue.state("more");
  const searches = countSearches(page);
  await catalogue.field("Search").pressSequentially("LaPtop sta", { delay: 10 });
  await catalogue.message(/^\d+ products? found$/);
  for (const name of await catalogue.names()) expect(name.toLowerCase()).toMatch(/laptop|stand/); // vocabulary: allow, a laptop stand
  expect(await catalogue.names()).toContain("Laptop Stand Aluminium"); // vocabulary: allow, a laptop stand
  expect(searches()).toBeLessThan("LaPtop sta".length);
  await expect.poll(() => new URL(page.url()).search, pollOptions).toBe("?q=LaPtop+sta");
  const found = await catalogue.names();
  await page.reload();
  expect(await catalogue.field("Search").inputValue()).toBe("LaPtop sta");
  await expect.poll(() => catalogue.names(), pollOptions).toEqual(found);
});

test("conditions narrow the search, regardless of their unit", async () => {
  const page = await open("/catalogue?cores=8&ram=16");
  const catalogue = cataloguePage(page);
  await catalogue.message(/^\d+ products? found$/);
  const inGigabytes = await catalogue.names();
  expect(inGigabytes.length).toBeGreaterThan(0);
  for (const summary of await catalogue.summaries()) {
    expect(Number(/(\d+) cores/.exec(summary)?.[1])).toBeGreaterThanOrEqual(8);
  }
  await page.goto(`${dashboard.server.url}/catalogue?cores=8&ram=16384&unit=MB`);
  await expect.poll(() => catalogue.names(), pollOptions).toEqual(inGigabytes);
});

test("products are filtered and sorted by price", async () => {
  const page = await open("/catalogue");
  const catalogue = cataloguePage(page);
  await catalogue.field("Price from").fill("100");
  await catalogue.field("Price to").fill("199.99");
  await catalogue.field("Sort by").selectOption("Price: high to low");
  await catalogue.message(/^\d+ products found$/);
  await expect
    .poll(async () => (await catalogue.prices()).every((price) => price >= 100 && price < 200), pollOptions)
    .toBe(true);
  const isSorted = async () => {
    const prices = await catalogue.prices();
    return prices.length > 1 && prices.every((price, index) => index === 0 || price <= (prices[index - 1] ?? 0));
  };
  await expect.poll(isSorted, pollOptions).toBe(true);
});

test("a search without results shows a notice and a button to the whole catalogue", async () => {
  const page = await open("/catalogue?q=zeppelin");
  const catalogue = cataloguePage(page);
  await catalogue.message("No products found");
  await page.getByText("No product matches all conditions.").waitFor();
  await expectNoViolations(page);
  await catalogue.button("Show all products").click();
  await catalogue.state("more");
  expect(await catalogue.field("Search").inputValue()).toBe("");
  await expect.poll(() => new URL(page.url()).search, pollOptions).toBe("");
});

test("an invalid condition is marked at its field, and starts no search", async () => {
  const page = await open("/catalogue");
  const catalogue = cataloguePage(page);
  await catalogue.state("more");
  const searches = countSearches(page);
  await catalogue.field("Min. cores").fill("many");
  await expect.poll(() => textOf(page.getByRole("alert")), pollOptions).toBe("Enter a whole number such as 8.");
  await catalogue.field("Min. cores").fill("8");
  await catalogue.message(/found$/);
  expect(searches()).toBe(1);
});

test("an invalid address is marked, and can be corrected", async () => {
  const page = await open("/catalogue?min=5&max=2");
  const catalogue = cataloguePage(page);
  await catalogue.message("Correct the marked fields to start the search.");
  expect(await textOf(page.getByRole("alert"))).toBe("Must not be less than “Price from”.");
  await catalogue.field("Price from").fill("");
  await catalogue.message(/found/i);
});

test("the keyboard opens a product, the address contains it, and the focus returns after it is closed", async () => {
  const page = await open("/catalogue?cores=8");
  const catalogue = cataloguePage(page);
  await catalogue.message(/found$/);
  const [name = ""] = await catalogue.names();
  await tabTo(page, name);
  await page.keyboard.press("Enter");
  await catalogue.dialog.getByRole("heading", { name }).waitFor();
  expect(await catalogue.detail("Kind")).toBe("Laptop");
  expect(await catalogue.detail("Processor")).toMatch(/cores/);
  expect(await catalogue.detail("Rating")).toBe("Not rated yet");
  await expectNoViolations(page);
  await expect.poll(() => page.url(), pollOptions).toMatch(/\?cores=8&product=[0-9a-f-]{36}$/);
  await page.keyboard.press("Escape");
  await catalogue.dialog.waitFor({ state: "hidden" });
  expect(await focusedText(page)).toBe(name);
  await expect.poll(() => page.url(), pollOptions).toMatch(/\?cores=8$/);
  await page.keyboard.press("Enter");
  await expect.poll(() => page.url(), pollOptions).toMatch(/product=/);
  await page.reload();
  await catalogue.dialog.getByRole("heading", { name }).waitFor();
});

test("a product shows the result of its ratings", async () => {
  const [product] = await firstProducts(1);
  const scores = async function* () {
    for (const score of [7, 8, 10]) yield { productId: product?.id ?? "", score };
  };
  for await (const { result } of client().rateProducts(scores())) expect(result.case).toBe("rating");
  const page = await open(`/catalogue?product=${product?.id}`);
  const catalogue = cataloguePage(page);
  await catalogue.dialog.getByRole("heading", { name: product?.name ?? "" }).waitFor();
  expect(await catalogue.detail("Rating")).toBe("8.33 of 10, from 3 scores");
});

test("an unknown product shows an error message", async () => {
  const page = await open("/catalogue?product=00000000-0000-4000-8000-000000000000");
  await expect.poll(() => textOf(page.getByRole("alert")), pollOptions).toMatch(/^Not found: .+\.$/);
  await page.getByRole("button", { name: "Close" }).click();
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  expect(problems.splice(0).filter((problem) => !problem.includes("404"))).toEqual([]);
});

test("an unreachable server shows an error message, and the search continues after its restart", {
  tags: ["slow"],
}, async () => {
  const page = await open("/catalogue");
  const catalogue = cataloguePage(page);
  await catalogue.state("more");
  dashboard.server.process.kill("SIGKILL");
  await dashboard.server.ended;
  await catalogue.field("Search").fill("laptop");
  await catalogue.state("failed");
  await catalogue.message("The server cannot be reached.");
  await dashboard.restart();
  await catalogue.button("Retry").click();
  await catalogue.message(/^\d+ products found$/);
  expect(problems.splice(0).filter(isPageProblem)).toEqual([]);
});

test.each(["light", "dark"] as const)(
  "the page is accessible, and has a screenshot, in the %s theme",
  async (colorScheme) => {
    const page = await open("/catalogue", { colorScheme });
    await cataloguePage(page).state("more");
    await expectNoViolations(page);
    await page.screenshot({ path: `${results}catalogue-${colorScheme}.png` });
  },
);

test("a narrow screen scrolls the table, never the page", async () => {
  const page = await open("/catalogue", { viewport: { width: 360, height: 740 } });
  const catalogue = cataloguePage(page);
  await catalogue.state("more");
  const width = () => page.evaluate<number>("document.documentElement.scrollWidth");
  expect(await width()).toBe(360);
  await page.screenshot({ path: `${results}catalogue-narrow.png` });
  const [name = ""] = await catalogue.names();
  await catalogue.button(name).click();
  await catalogue.dialog.getByRole("heading", { name }).waitFor();
  expect(await width()).toBe(360);
});

async function firstProducts(limit: number) {
  const products = [];
  for await (const { product } of client().searchProducts({ limit })) if (product !== undefined) products.push(product);
  return products;
}
