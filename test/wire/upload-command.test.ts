import { type ChildProcess, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { UploadState } from "../../gen/bourse/upload/v1/upload_pb.ts";
import { UploadService } from "../../gen/bourse/upload/v1/upload_service_pb.ts";
import { childEnvironment } from "../child-environment.ts";
import { openPausableProxy, type PausableProxy } from "../pausable-proxy.ts";
import { type BourseProcess, startBourse } from "../start-bourse.ts";

vi.setConfig({ testTimeout: 30_000 }); // each test starts processes

const MiB = 2 ** 20;
const content = randomBytes(9 * MiB + 12_345);
const sha256 = createHash("sha256").update(content).digest("hex");

let bourse: BourseProcess;
let proxy: PausableProxy;
let folder: string;
let file: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bourse-upload-command-"));
  bourse = await startBourse(["--no-demo", "--log-level", "debug", "--log-format", "json"], join(folder, "data"));
  proxy = await openPausableProxy(bourse.url);
});

afterAll(async () => {
  await proxy?.[Symbol.asyncDispose]();
  await bourse?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

interface Run {
  readonly process: ChildProcess;
  readonly ended: Promise<{ lines: string[]; stderr: string; exitCode: number | null }>;
}

/** Makes a file, and a state directory for the command. */
async function setUp(bytes: Uint8Array = content) {
  const place = await mkdtemp(join(folder, "test-"));
  file = join(place, "some file.bin");
  await writeFile(file, bytes);
  const start = (command: string, ...args: readonly string[]): Run => {
    const address = args.includes("--address") ? [] : ["--address", proxy.url];
    const child = spawn(process.execPath, ["cli/main.ts", command, ...args, ...address], {
      env: { ...childEnvironment, XDG_STATE_HOME: join(place, "state") },
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    const exitCode = new Promise<number | null>((resolve) => child.once("close", resolve));
    const ended = Promise.all([text(child.stdout), text(child.stderr), exitCode]).then(([stdout, stderr, code]) => ({
      lines: stdout.trimEnd().split("\n"),
      stderr,
      exitCode: code,
    }));
    return { process: child, ended };
  };
  const remembered = () => readdir(join(place, "state/bourse/uploads")).catch(() => []);
  const client = createClient(UploadService, createConnectTransport({ baseUrl: bourse.url, httpVersion: "2" }));
  /** The id of the only upload in the state directory. */
  const id = async () => {
    const [name = ""] = await remembered();
    return JSON.parse(await readFile(join(place, "state/bourse/uploads", name), "utf8")).memo.uploadId as string;
  };
  return { place, start, remembered, client, id };
}

const methods = [["streaming"], ["chunked"]] as const;

test.each(methods)("by %s, a file is uploaded, and its download is identical", async (method) => {
  const { start, remembered, place } = await setUp();
  const { lines, stderr, exitCode } = await start("upload", file, "--method", method, "--json").ended;
  expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  const reported = JSON.parse(lines[0] ?? "");
  expect(reported).toEqual({ file, id: expect.stringMatching(/^[0-9a-f-]{36}$/), size: content.length, sha256 });
  expect(await remembered()).toEqual([]);
  const out = join(place, "back.bin");
  const back = await start("download", reported.id, "--out", out, "--json").ended;
  expect(back.lines.map((each) => JSON.parse(each))).toEqual([{ id: reported.id, out, size: content.length, sha256 }]);
  expect(Buffer.compare(await readFile(out), content)).toBe(0);
  expect((await readdir(place)).filter((name) => name.endsWith(".part"))).toEqual([]);
});

test.each([
  ["stream", "UploadService/Upload"],
  ["chunks", "UploadService/UploadChunk"],
])("--door %s, the former flag, still selects the upload method", async (value, method) => {
  const { start } = await setUp();
  const loggedBefore = bourse.log().length;
  const { lines, exitCode } = await start("upload", file, "--door", value, "--json").ended;
  expect({ exitCode, ...JSON.parse(lines[0] ?? "") }).toMatchObject({ exitCode: 0, sha256, size: content.length });
  const sending = /UploadService\/Upload(?:Chunk)?(?=")/g;
  await expect.poll(() => [...new Set(bourse.log().slice(loggedBefore).match(sending))]).toEqual([method]);
});

test("--door and --method exclude each other", async () => {
  const { start } = await setUp();
  const { exitCode, stderr } = await start("upload", file, "--door", "stream", "--method", "chunked").ended;
  expect(exitCode).toBe(1);
  expect(stderr).toContain("cannot be used with option '--method");
});

test.each([
  ["streaming", "chunked"],
  ["chunked", "streaming"],
] as const)("an upload that was interrupted by %s is resumed by %s in a second run", async (first, second) => {
  const { start, remembered, client, id } = await setUp();
  const held = proxy.pauseAfter(6 * MiB);
  const run = start("upload", file, "--method", first);
  await held;
  run.process.kill("SIGINT");
  const { stderr, exitCode } = await run.ended;
  expect(exitCode).toBe(130);
  expect(stderr).toContain(`${file}: interrupted; run it again to resume\n`);
  proxy.resume();
  expect(await remembered()).toHaveLength(1);
  const uploadId = await id();
  const committed = async () => Number((await client.getUpload({ uploadId })).upload?.committedOffset);
  await expect.poll(committed).toBeGreaterThan(4 * MiB);
  const sentBefore = proxy.sentBytes;
  const again = await start("upload", file, "--method", second).ended;
  expect(again.exitCode).toBe(0);
  expect(again.stderr).toMatch(/resumes after \d{7} of \d+ bytes/);
  expect(again.lines[0]).toContain(`${uploadId}  ${content.length} bytes  application/octet-stream  sha256 ${sha256}`);
  expect(proxy.sentBytes - sentBefore).toBeLessThan(6 * MiB);
  expect(await remembered()).toEqual([]);
});

test.each(methods)(
  "by %s, an upload is resumed after the server is killed and restarted",
  { tags: ["slow"] },
  async (method) => {
    const { start } = await setUp();
    const held = proxy.pauseAfter(6 * MiB);
    const run = start("upload", file, "--method", method, "--json");
    await held;
    bourse.process.kill("SIGKILL");
    await bourse.ended;
    proxy.resume();
    bourse = await startBourse(["--no-demo", "--log-level", "debug", "--log-format", "json"], join(folder, "data"));
    proxy.target = bourse.url;
    const { lines, exitCode } = await run.ended;
    expect({ exitCode, ...JSON.parse(lines[0] ?? "") }).toMatchObject({ exitCode: 0, sha256, size: content.length });
  },
);

test.each(methods)("by %s, an upload is resumed after a lost connection", async (method) => {
  const { start } = await setUp();
  const held = proxy.pauseAfter(5 * MiB);
  const run = start("upload", file, "--method", method);
  await held;
  proxy.disconnect();
  let stderr = "";
  await new Promise<void>((resolve) => {
    run.process.stderr?.on("data", (data) => {
      stderr += data;
      if (/the next attempt starts/.test(stderr)) resolve();
    });
  });
  proxy.reconnect();
  const { lines, exitCode } = await run.ended;
  expect(exitCode).toBe(0);
  expect(lines[0]).toContain(sha256);
});

test("an upload that the server has deleted restarts, and so does that of a changed file", async () => {
  const { start, client, id, remembered } = await setUp();
  const interrupt = async () => {
    const held = proxy.pauseAfter(5 * MiB);
    const run = start("upload", file);
    await held;
    run.process.kill("SIGINT");
    await run.ended;
    proxy.resume();
    return id();
  };
  const first = await interrupt();
  await client.abortUpload({ uploadId: first });
  const second = await interrupt();
  expect(second).not.toBe(first);
  await utimes(file, new Date(), new Date(Date.now() - 60_000));
  const { lines, exitCode } = await start("upload", file, "--json").ended;
  expect(exitCode).toBe(0);
  expect([first, second]).not.toContain(JSON.parse(lines[0] ?? "").id);
  expect(await remembered()).toHaveLength(1); // the record of the unchanged file, whose upload expires on the server
});

test("the upload of a file that is modified in the meantime is aborted and deleted", async () => {
  const { start, client, id, remembered } = await setUp();
  const held = proxy.pauseAfter(5 * MiB);
  const run = start("upload", file, "--method", "chunked");
  await held;
  const uploadId = await id();
  await utimes(file, new Date(), new Date(Date.now() - 60_000));
  proxy.resume();
  const { stderr, exitCode } = await run.ended;
  expect(exitCode).toBe(1);
  expect(stderr).toContain("the file has changed: it was written to during the upload");
  expect((await client.getUpload({ uploadId })).upload?.state).toBe(UploadState.ABORTED);
  expect(await remembered()).toEqual([]);
});

test("a streaming upload of a changed file is not completed", async () => {
  const { start, client, id } = await setUp();
  const held = proxy.pauseAfter(5 * MiB);
  const run = start("upload", file, "--method", "streaming");
  await held;
  const uploadId = await id();
  await utimes(file, new Date(), new Date(Date.now() - 60_000));
  proxy.resume();
  expect((await run.ended).exitCode).toBe(1);
  expect((await client.getUpload({ uploadId })).upload?.state).toBe(UploadState.ABORTED);
});

test("a path that is not a file is reported, and the other files are uploaded", async () => {
  const { start, place } = await setUp(new Uint8Array());
  const missing = join(place, "missing");
  const { lines, stderr, exitCode } = await start("upload", missing, place, file, "--json").ended;
  expect(exitCode).toBe(1);
  expect(stderr).toContain(`${missing} does not exist`);
  expect(stderr).toContain(`${place} is not a file`);
  const empty = createHash("sha256").digest("hex");
  expect(lines.map((each) => JSON.parse(each))).toMatchObject([{ file, size: 0, sha256: empty }]);
});

test("an unknown product is reported before any byte is sent", async () => {
  const { start } = await setUp();
  const before = proxy.sentBytes;
  const product = "00000000-0000-4000-8000-000000000000";
  const { stderr, exitCode } = await start("upload", file, "--product", product).ended;
  expect(exitCode).toBe(1);
  expect(stderr).toContain(product);
  expect(proxy.sentBytes - before).toBeLessThan(50_000);
});

test("an unreachable server is an immediate error", async () => {
  const { start } = await setUp();
  for (const method of ["streaming", "chunked"]) {
    const run = start("upload", file, "--method", method, "--address", "http://127.0.0.1:1");
    expect(await run.ended).toMatchObject({
      exitCode: 1,
      stderr: "cannot connect to http://127.0.0.1:1: is the server running? bourse serve starts it\n",
    });
  }
});

test("a download resumes a partial file, and removes one with other content", async () => {
  const { start, place } = await setUp();
  const { lines } = await start("upload", file, "--json").ended;
  const { id } = JSON.parse(lines[0] ?? "");
  const out = join(place, "back.bin");
  const part = `${out}.${id}.part`;
  await writeFile(part, content.subarray(0, 7 * MiB));
  const whole = await start("download", id, "--out", out).ended;
  expect(whole.exitCode).toBe(0);
  expect(Buffer.compare(await readFile(out), content)).toBe(0);
  await writeFile(part, Buffer.alloc(7 * MiB));
  const device = await start("download", id, "--out", "/dev/null", "--overwrite").ended;
  expect(device).toMatchObject({ exitCode: 1, stderr: "/dev/null is no regular file: choose another file\n" });
  const existing = await start("download", id, "--out", out).ended;
  expect(existing).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("replace it with --overwrite") });
  const wrong = await start("download", id, "--out", out, "--overwrite").ended;
  expect(wrong).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining(`announced ${sha256}: the file was removed`),
  });
  await expect(stat(part)).rejects.toThrow("ENOENT");
});
