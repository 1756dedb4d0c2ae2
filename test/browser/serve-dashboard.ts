import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, onTestFinished } from "vitest";
import { type BourseProcess, startBourse } from "../start-bourse.ts";
import { launchChromium } from "./chromium.ts";

/** Where pictures of pages are put, with a slash at the end. */
export const results = fileURLToPath(new URL("../../test-results/", import.meta.url));

/** A server and a browser for the tests of a file. */
export interface Dashboard {
  /** The server that runs. */
  readonly server: BourseProcess;
  /** What went wrong in pages since the test began; a test that expects some takes it away. */
  readonly problems: string[];
  /** Opens a page in a browser that remembers nothing. */
  open(path: string, options?: BrowserContextOptions): Promise<Page>;
  /** Starts another server in place of one that has ended, at the same address, with the same data. */
  startAgain(): Promise<void>;
}

/**
 * Has a server and a browser started before the tests of a file, and ended after them: the server by SIGTERM, which has
 * to end well. After each test nothing may have gone wrong in a page.
 */
export function serveDashboard(args: readonly string[] = []): Dashboard {
  const problems: string[] = [];
  let data: string | undefined;
  let server: BourseProcess | undefined;
  let browser: Browser | undefined;

  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), "bourse-browser-"));
    server = await startBourse(["--grace", "2", ...args], data);
    browser = await launchChromium();
  });

  afterAll(async () => {
    await browser?.close();
    server?.process.kill("SIGTERM");
    expect(await server?.ended, server?.log().slice(-5_000)).toBe(0);
    if (data !== undefined) await rm(data, { recursive: true, force: true });
  });

  afterEach(() => {
    expect(problems.splice(0)).toEqual([]);
  });

  const dashboard: Dashboard = {
    problems,
    get server() {
      if (server === undefined) throw new Error("there is no server before the tests begin");
      return server;
    },
    async open(path, options = {}) {
      if (browser === undefined) throw new Error("there is no browser before the tests begin");
      const context = await browser.newContext({ viewport: { width: 1360, height: 860 }, ...options });
      onTestFinished(() => context.close());
      const page = await context.newPage();
      const { url } = dashboard.server;
      page.on("console", (message) => {
        if (["error", "warning"].includes(message.type())) problems.push(message.text());
      });
      page.on("pageerror", (error) => problems.push(String(error)));
      page.on("request", (request) => {
        if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(url)) problems.push(request.url());
      });
      await page.goto(url + path);
      return page;
    },
    async startAgain() {
      server = await startBourse(["--grace", "2", "--port", new URL(dashboard.server.url).port, ...args], data);
    },
  };
  return dashboard;
}
