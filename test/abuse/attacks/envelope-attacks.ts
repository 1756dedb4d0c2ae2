import { envelope } from "../http2-frames.ts";
import { methods } from "../methods.ts";
import { postHttp1, postHttp2 } from "../post.ts";
import { type Attack, type Target, tally } from "../target.ts";

/** What carries envelopes; gRPC itself on HTTP/2 only. */
const grpc = "application/grpc";
const others = ["application/grpc-web", "application/connect+proto", "application/connect+json"];

const hugeBytes = 2 ** 32 - 1;
const hugeTimes = 20;

/** Envelopes that announce 4 GiB, 20 at once in every protocol. */
export const hugeEnvelope: Attack = async (target) =>
  tally(await inEveryProtocol(target, envelope(0, Buffer.from("{}"), hugeBytes), hugeTimes));

/** Envelopes with flags that mean nothing, compressed without an encoding, or an end that a client may not send. */
export const badFlags: Attack = async (target) => {
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
