import { openAttackSocket } from "../attack-socket.ts";
import { clientPreface, envelope, frame, frameFlags, frameTypes, headerBlock, settingsFrame } from "../http2-frames.ts";
import { limitsUnderAttack } from "../limits-under-attack.ts";
import { methods } from "../methods.ts";
import { openRawHttp2, requestFields } from "../raw-http2.ts";
import { type Attack, type Outcome, type Target, tally } from "../target.ts";

const connections = 50;
const byteEveryMs = 250;
const deadlineMs = limitsUnderAttack.requestTimeoutMs + 6_000;

/** An HTTP/1.1 request whose headers arrive byte by byte. */
export const slowHeaderHttp1: Attack = (target) => {
  const head = `POST ${methods.getProduct} HTTP/1.1\r\nhost: ${target.host}:${target.port}\r\nx-slow: ${"a".repeat(500)}`;
  return drip(target, "", head);
};

/** An HTTP/2 request whose headers arrive byte by byte. */
export const slowHeaderHttp2: Attack = (target) => {
  const block = headerBlock([
    ...requestFields(target, methods.getProduct, "application/grpc"),
    ["x-slow", "a".repeat(500)],
  ]);
  const headers = frame(frameTypes.headers, frameFlags.endHeaders, 1, block);
  return drip(target, Buffer.concat([clientPreface, settingsFrame()]), headers);
};

/** An HTTP/1.1 request whose body arrives byte by byte. */
export const slowBodyHttp1: Attack = (target) => {
  const head = `POST ${methods.getProduct} HTTP/1.1\r\nhost: ${target.host}:${target.port}\r\n`;
  return drip(target, `${head}content-type: application/json\r\ncontent-length: 1000\r\n\r\n`, "{".padEnd(1_000));
};

/** An HTTP/2 request whose body arrives byte by byte, each in a separate frame. */
export const slowBodyHttp2: Attack = async (target) => {
  const message = envelope(0, Buffer.alloc(1_000));
  const endings = Array.from({ length: connections }, async () => {
    using raw = await openRawHttp2(target);
    await raw.send(raw.request(1, methods.getProduct));
    const until = performance.now() + deadlineMs;
    for (let at = 0; raw.isOpen() && !raw.answers.has(1) && performance.now() < until; at++) {
      await raw.send(frame(frameTypes.data, frameFlags.none, 1, message.subarray(at, at + 1)));
      await raw.endsWithin(byteEveryMs);
    }
    return raw.answers.get(1) ?? raw.resets.get(1) ?? (await raw.ending(0));
  });
  return tally(await Promise.all(endings));
};

async function drip(target: Target, first: string | Uint8Array, slowly: string | Uint8Array): Promise<Outcome> {
  const bytes = Buffer.from(slowly);
  const endings = Array.from({ length: connections }, async () => {
    let answer = "";
    using raw = await openAttackSocket(target, (chunk) => {
      answer += chunk.toString("latin1", 0, 12);
    });
    await raw.send(first);
    const until = performance.now() + deadlineMs;
    for (let at = 0; raw.isOpen() && performance.now() < until; at++) {
      await raw.send(bytes.subarray(at, at + 1));
      await raw.endsWithin(byteEveryMs);
    }
    if (raw.isOpen()) return "still open";
    return /^HTTP\/1\.1 (\d+)/.test(answer) ? `HTTP ${answer.slice(9, 12)}` : "closed";
  });
  return tally(await Promise.all(endings));
}
