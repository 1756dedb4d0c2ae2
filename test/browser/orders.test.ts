import { readFile } from "node:fs/promises";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { parse } from "csv-parse/sync";
import { beforeAll, expect, test, vi } from "vitest";
import { parseAmount } from "../../client/shared/money-text.ts";
import { OrderService } from "../../gen/bourse/order/v1/order_service_pb.ts";
import { expectNoViolations } from "./no-violations.ts";
import { ordersPage, throttle } from "./orders-page.ts";
import { isPageProblem, pollOptions, tabTo, textOf } from "./page-queries.ts";
import { results, serveDashboard } from "./serve-dashboard.ts";

const size = 200_000;
const fillMs = 180_000; // the demo orders are stored in the background, in a few seconds on an idle machine
const slowBytes = 4_000_000; // per second, at which an export of all orders takes about six seconds
const longestTaskMs = 400; // on a busy machine; an export without slices has a task of more than a second

const dashboard = serveDashboard(["--demo-orders", String(size)]);
const { open, problems } = dashboard;

const summaryOf = () => {
  const transport = createConnectTransport({ baseUrl: dashboard.server.url, httpVersion: "2" });
  return createClient(OrderService, transport).getOrderSummary({});
};

beforeAll(async () => {
  await vi.waitUntil(async () => (await summaryOf()).orderCount === BigInt(size), { timeout: fillMs, interval: 250 });
}, fillMs);

test("the page receives all orders, verifies the server's digest, and renders few rows", async () => {
  const page = await open("/orders");
  const orders = ordersPage(page);
  await expect.poll(() => orders.summed("count"), pollOptions).toBe("200,000");
  await page.evaluate(`{
    globalThis.longest = 0;
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) globalThis.longest = Math.max(globalThis.longest, duration);
    }).observe({ type: "longtask" });
  }`);
  await orders.button("Export").click();
  await orders.state("complete");
  expect(await orders.received()).toBe(size);
  expect(await orders.verdict()).toContain("Matches the server's digest");
  expect(await orders.digest()).toMatch(/^[0-9a-f]{64}$/);
  expect(await orders.digest()).toBe(await orders.trailer("bourse-sha256"));
  expect(await orders.trailer("bourse-total-count")).toBe(String(size));
  expect(await orders.table.getAttribute("aria-rowcount")).toBe(String(size + 1));
  expect(await page.locator("[data-row]").count()).toBeLessThan(80);
  const longest = await page.evaluate<number>("globalThis.longest");
  console.log(`the longest task while ${size} orders came took ${Math.round(longest)} ms`);
  expect(longest).toBeLessThan(longestTaskMs);
});

test("an export shows its progress, cancels its call on the server, and resumes at its position", async () => {
  const page = await open("/orders");
  const orders = ordersPage(page);
  await throttle(page, slowBytes);
  await orders.button("Export").click();
  await orders.receives(10_000);
  await expect.poll(() => textOf(page.locator(".rate")), pollOptions).toMatch(/^[\d,]+\/s, \d+ s left$/);
  expect(await page.getByRole("progressbar").getAttribute("max")).toBe(String(size));
  await orders.button("Cancel").click();
  await orders.state("cancelled");
  const received = await orders.received();
  expect(received).toBeLessThan(size);
  const ended = () =>
    dashboard.server
      .log()
      .split("\n")
      .filter((line) => line.includes("OrderService/ExportOrders"));
  await expect.poll(() => ended().at(-1), pollOptions).toContain("canceled");
  await throttle(page, 0);
  await orders.button("Resume").click();
  await orders.state("complete");
  expect(await orders.received()).toBe(size);
  expect(await orders.attempts()).toBe(2);
  expect(Number(await orders.trailer("bourse-sent-count"))).toBeLessThanOrEqual(size - received);
  expect(await orders.verdict()).toContain("Matches the server's digest");
});

test("an export resumes after its server is killed and restarted, and ends with the same digest", {
  tags: ["slow"],
}, async () => {
  const page = await open("/orders");
  const orders = ordersPage(page);
  await throttle(page, slowBytes);
  await orders.button("Export").click();
  await orders.receives(10_000);
  dashboard.server.process.kill("SIGKILL");
  await dashboard.server.ended;
  await orders.state("reconnecting");
  expect(await textOf(orders.status)).toContain("The server cannot be reached.");
  const received = await orders.received();
  expect(received).toBeGreaterThan(0);
  expect(received).toBeLessThan(size);
  await throttle(page, 0);
  await dashboard.restart();
  await orders.state("complete");
  expect(await orders.received()).toBe(size);
  expect(await orders.attempts()).toBeGreaterThan(1);
  expect(await orders.verdict()).toContain("Matches the server's digest");
  expect(problems.splice(0).filter(isPageProblem)).toEqual([]);
});

test("the keyboard moves through all rows, and keeps its position if the row is scrolled away", async () => {
  const page = await open("/orders");
  const orders = ordersPage(page);
  await tabTo(page, "Export");
  await page.keyboard.press("Enter");
  await orders.state("complete");
  await tabTo(page, "1");
  expect(await orders.focused()).toEqual({ row: "2", column: "0", text: "1" });
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowRight");
  await expect.poll(orders.focused, pollOptions).toMatchObject({ row: "3", column: "1" });
  await page.keyboard.press("Control+End");
  await expect.poll(orders.focused, pollOptions).toMatchObject({ row: String(size + 1), column: "8" });
  await page.keyboard.press("Home");
  await expect.poll(orders.focused, pollOptions).toEqual({ row: String(size + 1), column: "0", text: "200,000" });
  await page.keyboard.press("PageUp");
  await expect.poll(async () => Number((await orders.focused()).row), pollOptions).toBeLessThan(size - 5);
  const { row, text } = await orders.focused();
  await page.evaluate('document.querySelector(".order-scroll").scrollTo(0, 0)');
  await orders.row(0).waitFor();
  expect((await orders.focused()).text).toBe(text);
  await page.keyboard.press("ArrowUp");
  await expect.poll(orders.focused, pollOptions).toMatchObject({ row: String(Number(row) - 1) });
  const shown = await page.evaluate<boolean>(`{
    const [cell, region] = [document.activeElement, document.querySelector(".order-scroll")]
      .map((element) => element.getBoundingClientRect());
    cell.top >= region.top && cell.bottom <= region.bottom;
  }`);
  expect(shown).toBe(true);
});

test("a filter selects orders, shows their sums, and is in the address", async () => {
  const page = await open("/orders");
  const orders = ordersPage(page);
  await expect.poll(() => orders.summed("count"), pollOptions).toBe("200,000");
  await page.getByLabel("Country").fill("France");
  await page.getByLabel("Cancellations").selectOption("Only cancellations");
  await orders.button("Apply").click();
  await expect.poll(() => orders.summed("count"), pollOptions).not.toBe("200,000");
  expect(page.url()).toContain("/orders?country=France&cancellations=only");
  await page.reload();
  expect(await page.getByLabel("Country").inputValue()).toBe("France");
  const count = await orders.summed("count");
  await orders.button("Export").click();
  await orders.state("complete");
  expect((await orders.received()).toLocaleString("en")).toBe(count);
  const cells = (column: number) => page.locator(`[data-row] [data-column="${column}"]`).allTextContents();
  expect(new Set(await cells(8))).toEqual(new Set(["France"]));
  for (const quantity of await cells(5)) expect(quantity).toMatch(/^-/);
});

test("contradictory times are marked at their fields and have no effect", async () => {
  const page = await open("/orders");
  const orders = ordersPage(page);
  await page.getByLabel("Placed from").fill("2026-02-01T00:00");
  await page.getByLabel("Placed before").fill("2026-01-01T00:00");
  await orders.button("Apply").click();
  await expect.poll(() => textOf(page.getByRole("alert")), pollOptions).toContain("Must be later");
  expect(await page.getByLabel("Placed before").getAttribute("aria-invalid")).toBe("true");
  expect(new URL(page.url()).search).toBe("");
});

test("received orders can be saved as CSV, exact to the cent", async () => {
  const page = await open("/orders?cancellations=only");
  const orders = ordersPage(page);
  await orders.button("Export").click();
  await orders.state("complete");
  const downloading = page.waitForEvent("download");
  await orders.button("Download CSV").click();
  const download = await downloading;
  expect(download.suggestedFilename()).toBe("orders.csv");
  const rows = parse(await readFile(await download.path(), "utf8"), { columns: true }) as Record<string, string>[];
  expect(rows).toHaveLength(await orders.received());
  let pence = 0n;
  for (const { quantity = "", unit_price: price = "", currency } of rows) {
    const amount = parseAmount(price);
    if (amount === undefined) throw new Error(`${price} is no amount`);
    if (currency === "GBP") pence += BigInt(quantity) * (amount.units * 100n + BigInt(amount.nanos / 10_000_000));
  }
  const summed = (await orders.summed("GBP")).replace(/[£,.]/g, "");
  expect(String(pence)).toBe(summed);
});

test("leaving the page ends the export", async () => {
  const page = await open("/orders");
  const orders = ordersPage(page);
  await throttle(page, slowBytes);
  await orders.button("Export").click();
  await orders.receives(5_000);
  const ended = () => dashboard.server.log().split("OrderService/ExportOrders").length;
  const before = ended();
  await page.getByRole("link", { name: "Quotes" }).click();
  await expect.poll(ended, pollOptions).toBe(before + 1);
});

test.each(["light", "dark"] as const)(
  "the page is accessible, and has a screenshot, in the %s theme",
  async (colorScheme) => {
    const page = await open("/orders", { colorScheme });
    const orders = ordersPage(page);
    await expect.poll(() => orders.summed("count"), pollOptions).toBe("200,000");
    await expectNoViolations(page);
    await orders.button("Export").click();
    await orders.state("complete");
    await expectNoViolations(page);
    await page.screenshot({ path: `${results}orders-${colorScheme}.png` });
  },
);

test("a narrow screen scrolls the table, never the page", async () => {
  const page = await open("/orders", { viewport: { width: 360, height: 740 } });
  const orders = ordersPage(page);
  await orders.button("Export").click();
  await orders.state("complete");
  expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(360);
  await page.screenshot({ path: `${results}orders-narrow.png` });
});
