import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFinished } from "vitest";
import { ProductService } from "../../gen/bourse/product/v1/product_service_pb.ts";
import { UploadService } from "../../gen/bourse/upload/v1/upload_service_pb.ts";
import { openPausableProxy, type PausableProxy } from "../pausable-proxy.ts";
import { type BourseProcess, startBourse } from "../start-bourse.ts";
import { launchChromium } from "./chromium.ts";
import { pollOptions, textOf } from "./page-queries.ts";

export const MiB = 2 ** 20;

/** A server, a browser, and a proxy between the two, for the tests of a file. */
export interface UploadsFixture {
  readonly server: BourseProcess;
  /** A new proxy, and so a new origin, for each test. */
  readonly proxy: PausableProxy;
  /** The folder of the files to upload. */
  readonly folder: string;
  /** Errors and warnings of pages since the test began. A test that expects some removes them. */
  readonly problems: string[];
  newContext(options?: BrowserContextOptions): Promise<BrowserContext>;
  /** Opens a page of the dashboard through the proxy. */
  open(context: BrowserContext, path?: string): Promise<Page>;
  /** Clients that do not use the proxy. */
  clients(): ReturnType<typeof clientsOf>;
  /** Starts a server with the same data after the first one has ended, and connects the proxy to it. */
  restart(): Promise<void>;
  /** Writes a file of random bytes. Returns its path. */
  randomFile(name: string, bytes: number): Promise<string>;
}

/** Starts a server and a browser before the tests of a file, and ends them after the tests. */
export function serveUploads(): UploadsFixture {
  const problems: string[] = [];
  let folder: string | undefined;
  let server: BourseProcess | undefined;
  let proxy: PausableProxy | undefined;
  let browser: Browser | undefined;

  const start = async () => {
    server = await startBourse(["--grace", "2"], join(started(folder), "data"));
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "bourse-uploads-page-"));
    await start();
    browser = await launchChromium();
  });

  beforeEach(async () => {
    proxy = await openPausableProxy(started(server).url);
  });

  afterEach(async () => {
    const found = problems.splice(0);
    await proxy?.[Symbol.asyncDispose]();
    problems.length = 0; // the end of the proxy resets the connections of open pages
    expect(found).toEqual([]);
  });

  afterAll(async () => {
    await browser?.close();
    server?.process.kill("SIGTERM");
    expect(await server?.ended, server?.log().slice(-5_000)).toBe(0);
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  return {
    problems,
    get server() {
      return started(server);
    },
    get proxy() {
      return started(proxy);
    },
    get folder() {
      return started(folder);
    },
    async newContext(options = {}) {
      const context = await started(browser).newContext({ viewport: { width: 1200, height: 860 }, ...options });
      onTestFinished(() => context.close());
      return context;
    },
    async open(context, path = "/uploads") {
      const page = await context.newPage();
      page.on("console", (message) => {
        if (["error", "warning"].includes(message.type())) problems.push(message.text());
      });
      page.on("pageerror", (error) => problems.push(String(error)));
      await page.goto(started(proxy).url + path);
      return page;
    },
    clients: () => clientsOf(started(server).url),
    async restart() {
      await start();
      started(proxy).target = started(server).url;
    },
    async randomFile(name, bytes) {
      const path = join(started(folder), name);
      await writeFile(path, randomBytes(bytes));
      return path;
    },
  };
}

/** Returns the value of a fixture, which exists while tests run. */
function started<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("the fixture starts before the first test");
  return value;
}

function clientsOf(baseUrl: string) {
  const transport = createConnectTransport({ baseUrl, httpVersion: "2" });
  return { uploads: createClient(UploadService, transport), products: createClient(ProductService, transport) };
}

/** Queries and actions of the uploads page. */
export function uploadsPage(page: Page) {
  const row = (name: string) => page.locator(".queue li", { hasText: name });
  const stored = (name: string) => page.locator("tr[data-stored]", { hasText: name });
  return {
    row,
    stored,
    choose: (...paths: string[]) => page.locator("input[type=file]").setInputFiles(paths),
    state: (name: string, state: string) =>
      expect.poll(() => row(name).getAttribute("data-state"), pollOptions).toBe(state),
    button: (name: string) => page.getByRole("button", { name, exact: true }),
    sentence: (name: string) => textOf(row(name).locator(".queue-state")),
    id: async (name: string) => (await row(name).getAttribute("data-upload")) ?? "",
    isStored: (name: string) => expect.poll(() => stored(name).getAttribute("data-complete"), pollOptions).toBe("true"),
  };
}

/** Downloads an upload through its link, and returns its bytes. Uses the keyboard, because new rows move the link. */
export async function download(page: Page, name: string): Promise<Buffer> {
  const [event] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: `Download ${name}`, exact: true }).press("Enter"),
  ]);
  expect(event.suggestedFilename()).toBe(name);
  return readFile(await event.path());
}
