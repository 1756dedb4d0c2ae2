import { once } from "node:events";
import { mkdtempDisposable, readdir, readlink, writeFile } from "node:fs/promises";
import { get, type IncomingMessage } from "node:http";
import { connect, constants } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { openRawSocket } from "../../../test/wire/raw-socket.ts";
import { startWireServer } from "../../../test/wire/start-wire-server.ts";
import { createStaticFiles } from "../static-files.ts";

/** More than the buffers of both ends of a connection, so that a client that does not read blocks the server. */
const fileBytes = 64 * 1024 * 1024;

/** The time in which the server detects a stall, even on a busy machine. */
const stallDetection = { timeout: 8_000, interval: 50 };

test("a download that an HTTP/1.1 client stops reading is aborted, and the file closed", async () => {
  const { server, openFiles } = await start({ stallTimeoutMs: 300 });
  const response = await requestHttp1(server.url);
  response.pause();
  await expectOpen(openFiles);
  await vi.waitFor(async () => expect([server.connections, await openFiles()]).toEqual([0, 0]), stallDetection);
  const closed = new Promise((resolve) => response.once("close", resolve));
  let received = 0;
  response.on("data", (chunk: Buffer) => {
    received += chunk.length;
  });
  response.on("error", () => {}).resume();
  await closed;
  expect([response.complete, received < fileBytes]).toEqual([false, true]);
});

test.each([0, 65_535])(
  "a download that an HTTP/2 client stops reading is aborted, and the file closed: window %s",
  async (window) => {
    const { server, openFiles } = await start({ stallTimeoutMs: 300 });
    const session = connect(server.url, { settings: { initialWindowSize: window } });
    onTestFinished(() => session.destroy());
    const stream = session.request({ ":path": "/large" });
    stream.on("error", () => {});
    const closed = new Promise((resolve) => stream.once("close", resolve));
    await once(stream, "response");
    await expectOpen(openFiles);
    await closed;
    expect(stream.rstCode).toBe(constants.NGHTTP2_INTERNAL_ERROR);
    await vi.waitFor(async () => expect(await openFiles()).toBe(0), stallDetection);
    expect(session.destroyed).toBe(false);
  },
);

test("a file that a client reads slowly is sent completely", async () => {
  const { server } = await start({ stallTimeoutMs: 1_000 });
  const response = await requestHttp1(server.url);
  const begun = performance.now();
  let received = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    const before = received;
    received += chunk.length;
    // 16 pauses, each of them shorter than the limit.
    if (Math.floor((before * 16) / fileBytes) === Math.floor((received * 16) / fileBytes)) continue;
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
  expect(received).toBe(fileBytes);
  expect(performance.now() - begun).toBeGreaterThan(2_000);
});

test("an HTTP/1.1 connection whose request never ends is closed after the response", async () => {
  const { server } = await start({ lingerMs: 100 });
  using raw = await openRawSocket(server.port);
  raw.send("POST /nothing HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000000\r\n\r\nx");
  const trickle = setInterval(() => raw.send("x"), 20);
  onTestFinished(() => clearInterval(trickle));
  expect(await raw.closed).toMatch(/^HTTP\/1\.1 405 /);
});

test("an HTTP/2 request whose body never ends is reset with NO_ERROR after the response", async () => {
  const { server } = await start({});
  const session = connect(server.url);
  onTestFinished(() => session.destroy());
  const stream = session.request({ ":method": "POST", ":path": "/nothing" }, { endStream: false });
  // More than the window of a stream.
  stream.write(Buffer.alloc(2 * 1024 * 1024));
  const [headers] = await once(stream, "response");
  stream.resume();
  await once(stream, "close");
  expect([headers[":status"], stream.rstCode]).toEqual([405, constants.NGHTTP2_NO_ERROR]);
});

async function start(limits: { readonly stallTimeoutMs?: number; readonly lingerMs?: number }) {
  const resources = new AsyncDisposableStack();
  onTestFinished(() => resources.disposeAsync());
  const folder = resources.use(await mkdtempDisposable(join(tmpdir(), "bourse-stall-")));
  const path = join(folder.path, "large");
  await writeFile(path, Buffer.alloc(fileBytes));
  const server = resources.use(await startWireServer({}, { limits, otherwise: createStaticFiles(folder.path) }));
  return { server, openFiles: () => countOpen(path) };
}

function requestHttp1(url: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = get(`${url}/large`, { agent: false }, resolve);
    request.once("error", reject);
    onTestFinished(() => void request.destroy());
  });
}

async function expectOpen(openFiles: () => Promise<number>): Promise<void> {
  await vi.waitFor(async () => expect(await openFiles()).toBe(1), { ...stallDetection, interval: 5 });
}

/** Returns the number of open file descriptors of this process for a file. */
async function countOpen(path: string): Promise<number> {
  const links = await Promise.all(
    (await readdir("/proc/self/fd")).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => "")),
  );
  return links.filter((link) => link === path).length;
}
