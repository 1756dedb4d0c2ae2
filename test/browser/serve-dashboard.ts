import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, onTestFinished } from "vitest";
import { type BourseProcess, startBourse } from "../start-bourse.ts";
import { launchChromium } from "./chromium.ts";

/** The folder of screenshots, with a slash at the end. */
export const results = fileURLToPath(new URL("../../test-results/", import.meta.url));

/** A server and a browser for the tests of a file. */
export interface Dashboard {
  /** The running server. */
  readonly server: BourseProcess;
  /** Errors, warnings and foreign requests of pages since the test began. A test that expects some removes them. */
  readonly problems: string[];
  /** Opens a page in a new browser context. */
  open(path: string, options?: BrowserContextOptions): Promise<Page>;
  /** Starts a server with the same address and data after the first one has ended. */
  restart(): Promise<void>;
}

/**
 * Starts a server and a browser before the tests of a file, and ends them after the tests. SIGTERM must end the server
 * with exit code 0. Each test fails if a page reported a problem.
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
      if (server === undefined) throw new Error("the server starts before the first test");
      return server;
    },
    async open(path, options = {}) {
      if (browser === undefined) throw new Error("the browser starts before the first test");
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
    async restart() {
      server = await startBourse(["--grace", "2", "--port", new URL(dashboard.server.url).port, ...args], data);
    },
  };
  return dashboard;
}
