import { mkdir, mkdtemp, rm, unlink, writeFile } from "node:fs/promises";
import { connect } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startWireServer, type WireServer } from "../../test/wire/start-wire-server.ts";
import { createStaticFiles } from "./static-files.ts";

let folder: string;
let server: WireServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bourse-static-"));
  await mkdir(join(folder, "assets"));
  await writeFile(join(folder, "index.html"), "<html>the page</html>");
  await writeFile(join(folder, "assets", "app-1234.js"), "the script");
  server = await startWireServer({}, { otherwise: createStaticFiles(folder) });
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const asPage = { accept: "text/html,*/*" };

test("the page is at /, and is revalidated by its ETag", async () => {
  const response = await fetch(server.url, { headers: asPage });
  expect(await response.text()).toBe("<html>the page</html>");
  expect(response.headers.get("cache-control")).toBe("no-cache");
  expect(response.headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
  const etag = response.headers.get("etag") ?? "";
  // Uses the cache mode of a browser, because fetch adds "no-cache" by default and would receive the whole page again.
  const headers = { ...asPage, "if-none-match": etag, "cache-control": "max-age=0" };
  const again = await fetch(server.url, { headers });
  expect(again.status).toBe(304);
});

test("hashed assets are cached for a year", async () => {
  const response = await fetch(`${server.url}/assets/app-1234.js`);
  expect(await response.text()).toBe("the script");
  expect(response.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
});

test("the page is served for its own paths", async () => {
  const response = await fetch(`${server.url}/catalogue?sort=name`, { headers: asPage });
  expect([response.status, await response.text()]).toEqual([200, "<html>the page</html>"]);
});

test.each([
  ["DELETE", "/", 405],
  ["POST", "/assets/app-1234.js", 405],
  ["OPTIONS", "/", 204],
  ["OPTIONS", "/catalogue", 204],
])("%s %s is %i, with the allowed methods", async (method, path, status) => {
  const response = await fetch(server.url + path, { method });
  expect([response.status, response.headers.get("allow")]).toEqual([status, "GET, HEAD, OPTIONS"]);
});

test.each([
  ["a missing file", "GET", "/assets/gone.js", asPage],
  ["a path that no browser opens", "GET", "/catalogue", { accept: "application/json" }],
  ["a path like that of a method", "GET", "/bourse.quote.v1.QuoteService/Nothing", asPage],
  ["another HTTP method on a path like that of a method", "DELETE", "/bourse.quote.v1.QuoteService/Nothing", asPage],
  ["a path outside of the folder", "GET", "/..%2f..%2fetc/passwd", { accept: "*/*" }],
])("%s is 404", async (_what, method, path, headers) => {
  const response = await fetch(server.url + path, { method, headers });
  expect([response.status, await response.text()]).toEqual([404, expect.stringContaining("nothing is served for")]);
});

test("files are served over HTTP/2, too", async () => {
  const session = connect(server.url);
  const stream = session.request({ ":path": "/assets/app-1234.js" });
  let body = "";
  stream.setEncoding("utf8").on("data", (text: string) => {
    body += text;
  });
  await new Promise((resolve) => stream.once("close", resolve));
  session.close();
  expect(body).toBe("the script");
});

test("a deleted file is 404, and a new file is served", async () => {
  const file = join(folder, "assets", "late.js");
  const url = `${server.url}/assets/late.js`;
  const statuses = [(await fetch(url)).status];
  await writeFile(file, "late");
  statuses.push((await fetch(url)).status);
  await unlink(file);
  statuses.push((await fetch(url)).status);
  expect(statuses).toEqual([404, 200, 404]);
});
