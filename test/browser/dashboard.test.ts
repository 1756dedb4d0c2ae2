import { expect, test } from "vitest";
import { focusedText, isPageProblem, pollOptions, tabTo, textOf } from "./page-queries.ts";
import { quotesPage } from "./quotes-page.ts";
import { results, serveDashboard } from "./serve-dashboard.ts";

const watchMethod = "bourse.quote.v1.QuoteService/WatchQuotes";

const dashboard = serveDashboard(["--no-demo"]);
const { open, problems } = dashboard;

/** Returns the log lines about the end of a watch. */
function endedWatches(): string[] {
  return dashboard.server
    .log()
    .split("\n")
    .filter((line) => line.includes(watchMethod));
}

test("prices move over one stream, and the page shows its headers", async () => {
  const page = await open("/");
  const quotes = quotesPage(page);
  await quotes.state("live");
  expect(await page.title()).toBe("Quotes · Bourse");
  await quotes.moves();
  expect((await quotes.symbols())[0]).toBe("ACME");
  await expect.poll(() => quotes.count("attempts"), pollOptions).toBe(1);
  const headers = page.locator('[data-metadata="headers"]');
  const streamId = page.locator('[data-count="stream id"] dd');
  await expect.poll(() => textOf(streamId), pollOptions).toMatch(/.{8}/);
  await expect.poll(async () => (await textOf(headers)).includes(await textOf(streamId)), pollOptions).toBe(true);
});

test("pause makes the server hold back the quotes, and resume shows the newest quotes and the number of skipped ones", async () => {
  const page = await open("/");
  const quotes = quotesPage(page);
  await quotes.state("live");
  await quotes.moves();
  await quotes.button("Pause").click();
  await quotes.mode("paused");
  await quotes.state("paused");
  await page.evaluate(`{
    globalThis.mutations = 0;
    new MutationObserver((list) => { globalThis.mutations += list.length; })
      .observe(document.querySelector(".quote-table"), { subtree: true, childList: true, characterData: true });
  }`);
  const shown = await textOf(quotes.body);
  await quotes.beats();
  const arrived = await quotes.count("quotes");
  await quotes.beats();
  expect(await quotes.count("quotes")).toBe(arrived);
  expect(await textOf(quotes.body)).toBe(shown);
  expect(await page.evaluate("globalThis.mutations")).toBe(0);
  await quotes.button("Resume").click();
  await quotes.mode("following");
  await quotes.state("live");
  await expect.poll(() => textOf(quotes.body), pollOptions).not.toBe(shown);
  expect(await quotes.skipped()).toBeGreaterThan(0);
  await quotes.moves();
  expect(await quotes.count("attempts")).toBe(1);
});

test("a replaying pause skips no quote", { tags: ["slow"] }, async () => {
  const page = await open("/");
  const quotes = quotesPage(page);
  await quotes.state("live");
  await page.getByLabel("Quotes to receive after a pause").selectOption("On resume: all");
  await quotes.button("Pause").click();
  await quotes.state("paused");
  const arrived = await quotes.count("quotes");
  await quotes.beats();
  await quotes.button("Resume").click();
  await quotes.state("live");
  expect(await quotes.skipped()).toBe(0);
  await expect.poll(() => quotes.count("quotes"), pollOptions).toBeGreaterThan(arrived + 10);
});

test("the selected symbol has a live chart in each interval, which can be read as a table", async () => {
  const page = await open("/");
  const quotes = quotesPage(page);
  await quotes.state("live");
  const chart = page.locator(".chart");
  const drawing = chart.locator(".chart-space");
  const label = () => drawing.getAttribute("aria-label");
  await expect.poll(label, pollOptions).toMatch(/^ACME: \d+ candles of 1 m since /);
  for (const interval of ["5 m", "1 h", "1 s"]) {
    await quotes.button(interval).click();
    await expect.poll(label, pollOptions).toContain(` of ${interval} `);
  }
  const before = await label();
  await expect.poll(label, pollOptions).not.toBe(before);
  expect(await chart.locator("canvas").count()).toBeGreaterThan(0);
  await chart.getByText("Show as table").click();
  await expect.poll(() => chart.locator("tbody tr").count(), pollOptions).toBeGreaterThan(1);
  const [, second = ""] = await quotes.symbols();
  await quotes.button(second).click();
  await expect.poll(label, pollOptions).toContain(`${second}: `);
  await drawing.focus();
  for (const key of ["ArrowLeft", "ArrowRight", "+", "-", "Home", "End"]) await page.keyboard.press(key);
  expect(await quotes.count("attempts")).toBe(1);
});

test("stop ends the stream on the server, and start opens a new one", async () => {
  const page = await open("/");
  const quotes = quotesPage(page);
  await quotes.state("live");
  const ended = endedWatches().length;
  await quotes.button("Stop").click();
  await quotes.state("stopped");
  await expect.poll(() => endedWatches().length, pollOptions).toBe(ended + 1);
  expect(await textOf(page.locator('[data-metadata="trailers"]'))).toContain("this page ended the stream");
  const shown = await textOf(quotes.body);
  await quotes.button("Start").click();
  await quotes.state("live");
  await expect.poll(() => textOf(quotes.body), pollOptions).not.toBe(shown);
});

test("leaving the page ends the stream, and returning opens a new one", async () => {
  const page = await open("/");
  const quotes = quotesPage(page);
  await quotes.state("live");
  const ended = endedWatches().length;
  await page.getByRole("link", { name: "Catalogue" }).click();
  await expect.poll(() => endedWatches().length, pollOptions).toBe(ended + 1);
  await page.goBack();
  await quotes.state("live");
  await quotes.moves();
});

test("symbols are added to and removed from the watchlist over the same stream, and the list is stored", async () => {
  const page = await open("/");
  const quotes = quotesPage(page);
  await quotes.state("live");
  const [first, second] = await quotes.symbols();
  await page.getByRole("button", { name: `Remove ${second}` }).click();
  await expect.poll(quotes.symbols, pollOptions).not.toContain(second);
  await quotes.state("live");
  const search = page.getByLabel("Add a symbol");
  await search.fill("no such thing");
  await search.press("Enter");
  await expect.poll(() => textOf(page.locator(".problem")), pollOptions).toContain("no such thing");
  await search.fill(second ?? "");
  await search.press("Enter");
  await expect.poll(async () => (await quotes.symbols()).slice(0, 2), pollOptions).toEqual([second, first]);
  await quotes.state("live");
  await quotes.moves();
  expect(await quotes.count("attempts")).toBe(1);
  await page.reload();
  await expect.poll(async () => (await quotes.symbols()).slice(0, 2), pollOptions).toEqual([second, first]);
});

test("the page reconnects after the server is killed and restarted", async () => {
  const page = await open("/");
  const quotes = quotesPage(page);
  await quotes.state("live");
  dashboard.server.process.kill("SIGKILL");
  await dashboard.server.ended;
  await quotes.state("reconnecting");
  expect(await textOf(quotes.status)).toContain("The server cannot be reached.");
  await expect.poll(() => textOf(quotes.status), pollOptions).toMatch(/Reconnecting in \d+ s/);
  const attempts = await quotes.count("attempts");
  await quotes.button("Retry now").click();
  await expect.poll(() => quotes.count("attempts"), pollOptions).toBeGreaterThan(attempts);
  await dashboard.restart();
  await quotes.state("live");
  await quotes.moves();
  expect(problems.splice(0).filter(isPageProblem)).toEqual([]);
});

test("the page shows the cursor of a stream that a shutdown ends, and reconnects after the restart", {
  tags: ["slow"],
}, async () => {
  const page = await open("/");
  const quotes = quotesPage(page);
  await quotes.state("live");
  dashboard.server.process.kill("SIGTERM");
  await quotes.state("reconnecting");
  await expect.poll(() => textOf(page.locator('[data-name="bourse-cursor"] dd')), pollOptions).toMatch(/^\d+\.\d+$/);
  expect(await dashboard.server.ended).toBe(0);
  await dashboard.restart();
  await quotes.state("live");
  await quotes.moves();
  expect(problems.splice(0).filter(isPageProblem)).toEqual([]);
});

test("the keyboard reaches and works the buttons", async () => {
  const page = await open("/");
  const quotes = quotesPage(page);
  await quotes.state("live");
  await tabTo(page, "Skip to content");
  await tabTo(page, "Catalogue");
  await tabTo(page, "Pause");
  await page.keyboard.press("Enter");
  await quotes.mode("paused");
  await page.keyboard.press("Enter");
  await quotes.mode("following");
  await tabTo(page, "Stop");
  await page.keyboard.press("Space");
  await quotes.state("stopped");
  expect(await focusedText(page)).toBe("Start");
});

test("the theme can be changed, and is stored", async () => {
  const page = await open("/", { colorScheme: "light" });
  const background = () => page.evaluate<string>("getComputedStyle(document.documentElement).backgroundColor");
  const light = await background();
  await page.getByRole("button", { name: "Dark theme" }).click();
  const dark = await background();
  expect(dark).not.toBe(light);
  await page.reload();
  await page.getByRole("button", { name: "Light theme" }).waitFor();
  expect(await background()).toBe(dark);
});

test("a narrow screen scrolls the tables, not the page", async () => {
  const page = await open("/", { viewport: { width: 360, height: 740 } });
  const width = () => page.evaluate<number>("document.documentElement.scrollWidth");
  await quotesPage(page).state("live");
  await page.locator('[data-row="quoted"]').first().waitFor();
  await page.getByText("Show as table").click();
  await page.locator(".candles tbody tr").first().waitFor();
  expect(await width()).toBe(360);
});

test.each(["light", "dark"] as const)("the quotes page has a screenshot in the %s theme", async (colorScheme) => {
  const page = await open("/", { colorScheme, viewport: { width: 1360, height: 820 } });
  const quotes = quotesPage(page);
  await quotes.state("live");
  await expect.poll(() => quotes.count("quotes"), pollOptions).toBeGreaterThan(40);
  await page.screenshot({ path: `${results}quotes-${colorScheme}.png` });
});
