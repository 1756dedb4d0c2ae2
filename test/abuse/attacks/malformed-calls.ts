import { envelope } from "../http2-frames.ts";
import { methods } from "../methods.ts";
import { type Post, postHttp1, postHttp2 } from "../post.ts";
import { type Attack, type Outcome, type Target, tally } from "../target.ts";

/** The depth that fits in the largest message of the method. */
const depth = 8_000;

/** An unknown method, in every protocol. */
export const unknownMethod: Attack = (target) => {
  const types = ["application/grpc", "application/grpc-web", "application/connect+json", "application/json"];
  const path = "/bourse.quote.v1.QuoteService/NoSuchMethod";
  return each(
    target,
    types.map((contentType) => ({ path, contentType, body: envelope(0, new Uint8Array()) })),
  );
};

/** Content types of no protocol. */
export const wrongContentType: Attack = (target) => {
  const types = ["text/plain", "application/xml", "", "application/connect+xml", "x".repeat(5_000)];
  return each(
    target,
    types.map((contentType) => ({ path: methods.getProduct, contentType, body: Buffer.from("{}") })),
  );
};

/** Bodies that are not JSON, or not the JSON of a message. */
export const malformedJson: Attack = (target) => {
  const long = `{"id":"${"a".repeat(100_000)}"}`;
  const twice = '{"id":"a","id":"b"}';
  const texts = ["", "{", "nul", '{"id":}', '{"id":1}', "[]", '{"id":"\\ud800"}', "\0".repeat(1_000), long, twice];
  return each(target, texts.map(json));
};

/** JSON nested as deep as fits in a message, and deeper. */
export const deepJson: Attack = (target) => {
  const arrays = "[".repeat(depth) + "]".repeat(depth);
  const messages = `${'{"id":'.repeat(depth / 4)}{}${"}".repeat(depth / 4)}`;
  return each(
    target,
    [arrays, messages, `{"id":"a","unknown":${arrays}}`, "[".repeat(2 * depth), "[".repeat(200 * depth)].map(json),
  );
};

/** Nested groups of an unknown field, eight thousand deep, with and without end tags. */
export const deepProtobuf: Attack = (target) => {
  const opened = Buffer.alloc(depth, 0x7b);
  const closed = Buffer.alloc(depth, 0x7c);
  return each(target, [Buffer.concat([opened, closed]), opened].map(binary));
};

/** Keys that would change Object.prototype if the server used them as property names. */
export const protoKeys: Attack = (target) => {
  const pollution = '{"polluted":true}';
  const create = methods.getProduct.replace("Get", "Create");
  return each(target, [
    json(`{"__proto__":${pollution},"id":"a"}`),
    json(`{"constructor":{"prototype":${pollution}},"id":"a"}`),
    { ...json(`{"product":{"__proto__":${pollution}}}`), path: create },
    { ...json("{}"), path: "/bourse.product.v1.ProductService/__proto__" },
    { ...json("{}"), path: "/__proto__/constructor" },
  ]);
};

/** Sends the calls one after another over both versions of HTTP. */
async function each(target: Target, posts: readonly Post[]): Promise<Outcome> {
  const answers: string[] = [];
  for (const post of posts) answers.push(...(await postHttp2(target, post)), ...(await postHttp1(target, post)));
  return tally(answers);
}

function json(text: string): Post {
  return { path: methods.getProduct, contentType: "application/json", body: Buffer.from(text) };
}

function binary(body: Buffer): Post {
  return { path: methods.getProduct, contentType: "application/proto", body };
}
