import { envelope } from "../http2-frames.ts";
import { methods } from "../methods.ts";
import { postHttp1, postHttp2 } from "../post.ts";
import { type Attack, type Target, tally } from "../target.ts";

/** The content types with envelopes. gRPC requires HTTP/2. */
const grpc = "application/grpc";
const others = ["application/grpc-web", "application/connect+proto", "application/connect+json"];

const hugeBytes = 2 ** 32 - 1;
const hugeTimes = 20;

/** 20 concurrent envelopes with a length of 4 GiB in every protocol. */
export const hugeEnvelope: Attack = async (target) =>
  tally(await inEveryProtocol(target, envelope(0, Buffer.from("{}"), hugeBytes), hugeTimes));

/** Envelopes with undefined flags, with the compressed flag but no encoding, or with an end-of-stream flag. */
export const undefinedFlags: Attack = async (target) => {
  const answers: string[] = [];
  for (const flags of [0x01, 0x02, 0x04, 0x80, 0xff]) {
    answers.push(...(await inEveryProtocol(target, envelope(flags, new Uint8Array()), 1)));
  }
  return tally(answers);
};

async function inEveryProtocol(target: Target, body: Buffer, times: number): Promise<string[]> {
  const path = methods.listProducts;
  const answers = await Promise.all([
    ...[grpc, ...others].map((contentType) => postHttp2(target, { path, contentType, body }, times)),
    ...others.map((contentType) => postHttp1(target, { path, contentType, body }, times)),
  ]);
  return answers.flat();
}
