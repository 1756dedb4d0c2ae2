import { createHash, randomUUID } from "node:crypto";
import { appendFile, lstat, mkdtempDisposable, readdir, symlink, unlink, writeFile } from "node:fs/promises";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { deflateSync } from "node:zlib";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { crc32 } from "@node-rs/crc32";
import { pino } from "pino";
import sharp from "sharp";
import { expect, onTestFinished, test } from "vitest";
import { UploadService } from "../../gen/bourse/upload/v1/upload_service_pb.ts";
import { createApp } from "../app.ts";
import { readConfig } from "../config/config.ts";
import { maxImagePixels } from "./image/detect-file-type.ts";
import { thumbnailPixels } from "./image/thumbnails.ts";

const realPng = fileURLToPath(new URL("../../node_modules/vega-datasets/data/ffox.png", import.meta.url));

test("an image is served unchanged, with headers that let browsers cache it and forbid them to run anything", async () => {
  const server = await start();
  const bytes = await sharp(realPng).toBuffer();
  const { uploadId, image, contentType } = await server.store(bytes, "fox.html");
  expect(contentType).toBe("image/png");
  expect(image).toMatchObject(await sizeOf(bytes));
  const response = await fetch(`${server.url}/uploads/${uploadId}`);
  expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    "content-type": "image/png",
    "content-disposition": "inline; filename=fox.html",
    "cache-control": "private, max-age=31536000, immutable",
    "content-security-policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    etag: `"${createHash("sha256").update(bytes).digest("hex")}"`,
    "accept-ranges": "bytes",
  });
});

test("bytes after the committed ones, left by a write that failed half-way, are not served", async () => {
  const server = await start();
  const info = { uploadId: randomUUID() };
  const { writerGeneration } = await server.client.startUpload({ info });
  const sender = { ...info, writerGeneration };
  await server.client.uploadChunk({ ...sender, offset: 0n, data: Buffer.from("hello") });
  await appendFile(join(server.data, "uploads/open", info.uploadId), "left behind");
  await server.client.finishUpload({ ...sender, size: 5n });
  expect(await (await fetch(`${server.url}/uploads/${info.uploadId}`)).text()).toBe("hello");
});

test("ranges, ETags and HEAD follow RFC 9110, and unknown paths are 404", async () => {
  const server = await start();
  const bytes = await sharp(realPng).toBuffer();
  const { uploadId } = await server.store(bytes, "fox.png");
  const at = (path: string, init?: RequestInit) => fetch(`${server.url}/uploads/${path}`, init);
  const part = await at(uploadId, { headers: { range: "bytes=10-19" } });
  expect([part.status, part.headers.get("content-range")]).toEqual([206, `bytes 10-19/${bytes.length}`]);
  expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(10, 20))).toBe(true);
  expect((await at(uploadId, { headers: { range: `bytes=${bytes.length}-` } })).status).toBe(416);
  const etag = part.headers.get("etag") ?? "";
  expect(await statusOf(`${server.url}/uploads/${uploadId}`, { "if-none-match": etag })).toBe(304);
  const head = await at(uploadId.toUpperCase(), { method: "HEAD" });
  expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([200, `${bytes.length}`, ""]);
  for (const path of [randomUUID(), `${randomUUID()}/thumbnail`, `${uploadId}/other`, "..%2f..%2fbourse.sqlite"]) {
    expect([path, (await at(path)).status]).toEqual([path, 404]);
  }
  const open = randomUUID();
  await server.client.startUpload({ info: { uploadId: open } });
  expect((await at(open)).status).toBe(404);
  expect((await at(uploadId, { method: "POST" })).status).toBe(405);
});

test("a thumbnail is made once, stored on the disk, rotated upright, and small", async () => {
  const server = await start();
  const photo = await sharp({ create: { width: 1600, height: 900, channels: 3, background: "teal" } })
    .withMetadata({ orientation: 6 })
    .jpeg()
    .toBuffer();
  const { uploadId, image } = await server.store(photo, "photo.jpg");
  expect(image).toMatchObject({ width: 900, height: 1600 });
  const responses = await Promise.all([0, 1].map(() => fetch(`${server.url}/uploads/${uploadId}/thumbnail`)));
  const [first, second] = await Promise.all(
    responses.map(async (response) => Buffer.from(await response.arrayBuffer())),
  );
  expect(responses[0]?.headers.get("content-type")).toBe("image/webp");
  expect(first?.equals(second ?? Buffer.alloc(0))).toBe(true);
  expect(await sizeOf(first ?? Buffer.alloc(0))).toEqual({ width: 180, height: thumbnailPixels });
  expect(await readdir(join(server.data, "uploads/thumbnails"))).toEqual([`${uploadId}.webp`]);
  await server.client.abortUpload({ uploadId });
  expect(await readdir(join(server.data, "uploads/thumbnails"))).toEqual([]);
});

test("a pixel bomb is stored, but never decoded", async () => {
  const server = await start();
  const bomb = blackPng(40_000, 40_000);
  expect(bomb.length).toBeLessThan(300_000);
  const { uploadId, image } = await server.store(bomb, "small.png");
  expect(image).toBeUndefined();
  const response = await fetch(`${server.url}/uploads/${uploadId}/thumbnail`);
  expect(response.status).toBe(415);
  expect(await response.text()).toContain(`${maxImagePixels} pixels`);
});

test("HTML, SVG, and a file that is both an image and HTML are never displayed as a page", async () => {
  const server = await start();
  const svg = Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`);
  const xml = Buffer.from(`<?xml version="1.0"?>${svg}`);
  const html = Buffer.from("<!doctype html><script>alert(1)</script>");
  const gif = Buffer.concat([Buffer.from("GIF89a"), Buffer.from("/*\x01\0\x01\0*/=1;//"), html]);
  for (const [bytes, name] of [
    [svg, "a.svg"],
    [xml, "a.svg"],
    [html, "a.html"],
    [html, "a.png"],
  ] as const) {
    const { uploadId } = await server.store(bytes, name);
    const { headers } = await fetch(`${server.url}/uploads/${uploadId}`);
    expect(headers.get("content-type")).toBe("application/octet-stream");
    expect(headers.get("content-disposition")).toMatch(/^attachment/);
    expect(headers.get("content-security-policy")).toContain("sandbox");
    expect((await fetch(`${server.url}/uploads/${uploadId}/thumbnail`)).status).toBe(415);
  }
  const { uploadId, contentType } = await server.store(gif, "both.html");
  const shown = await fetch(`${server.url}/uploads/${uploadId}`);
  expect([contentType, shown.headers.get("content-type")]).toEqual(["image/gif", "image/gif"]);
  expect(shown.headers.get("x-content-type-options")).toBe("nosniff");
});

test("an image that is truncated after its header has no thumbnail; the response has the reason", async () => {
  const server = await start();
  const whole = await sharp(realPng).toBuffer();
  const { uploadId } = await server.store(whole.subarray(0, 600), "half.png");
  const response = await fetch(`${server.url}/uploads/${uploadId}/thumbnail`);
  expect([415, 422]).toContain(response.status);
  expect(await response.text()).toMatch(/no thumbnail can be made of/);
});

test("a symbolic link in place of a file is not followed", async () => {
  const server = await start();
  const { uploadId } = await server.store(await sharp(realPng).toBuffer(), "fox.png");
  const secret = join(server.data, "secret");
  await writeFile(secret, "secret");
  const path = join(server.data, "uploads/complete", uploadId);
  await unlink(path);
  await symlink(secret, path);
  for (const each of [uploadId, `${uploadId}/thumbnail`]) {
    const response = await fetch(`${server.url}/uploads/${each}`);
    expect(response.ok).toBe(false);
    expect(await response.text()).not.toContain("secret");
  }
  expect((await lstat(path)).isSymbolicLink()).toBe(true);
});

test("an unknown host name is refused, so that DNS rebinding cannot read uploads", async () => {
  const server = await start();
  const { uploadId } = await server.store(await sharp(realPng).toBuffer(), "fox.png");
  expect(await statusOf(`${server.url}/uploads/${uploadId}`, { host: "evil.example" })).toBe(421);
});

/** Requests with headers that `fetch` would change or not send. Resolves to the status. */
function statusOf(url: string, headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve) => {
    get(url, { headers }, (response) => resolve(response.resume().statusCode));
  });
}

async function start() {
  const folder = await mkdtempDisposable(join(tmpdir(), "bourse-pages-"));
  const settings = { port: "0", demo: "false", "simulated-instruments": "1", grace: "0" };
  const config = readConfig({ ...settings, data: folder.path }, {});
  const app = await createApp(config, pino({ level: "silent" }));
  onTestFinished(async () => {
    await app.close();
    await folder.remove();
  });
  const client = createClient(UploadService, createGrpcTransport({ baseUrl: app.url }));
  async function store(bytes: Uint8Array, fileName: string) {
    async function* requests() {
      const info = { uploadId: randomUUID(), fileName, size: BigInt(bytes.length) };
      yield { request: { case: "info" as const, value: { info } } };
      for (let offset = 0; offset < bytes.length; offset += 100_000) {
        const data = Uint8Array.from(bytes.subarray(offset, offset + 100_000));
        yield { request: { case: "chunk" as const, value: { data } } };
      }
    }
    const { upload } = await client.upload(requests());
    if (upload === undefined) throw new Error("the response has no upload");
    return upload;
  }
  return { url: app.url, data: folder.path, client, store };
}

async function sizeOf(image: Buffer) {
  const { width, height } = await sharp(image).metadata();
  return { width, height };
}

/** Creates a black image. */
function blackPng(width: number, height: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 1; // one bit a pixel, grey
  const rows = deflateSync(Buffer.alloc((Math.ceil(width / 8) + 1) * height), { level: 9 });
  const parts = [chunk("IHDR", header), chunk("IDAT", rows), chunk("IEND", Buffer.alloc(0))];
  return Buffer.concat([Buffer.from("89504e470d0a1a0a", "hex"), ...parts]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}
