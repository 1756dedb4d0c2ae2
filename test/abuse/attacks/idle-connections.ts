import { openAttackSocket } from "../attack-socket.ts";
import { clientPreface, frame, frameFlags, frameTypes, headerBlock, settingsFrame } from "../http2-frames.ts";
import { limitsUnderAttack } from "../limits-under-attack.ts";
import { methods } from "../methods.ts";
import { requestFields } from "../raw-http2.ts";
import { type Attack, type Outcome, type Target, tally } from "../target.ts";

const connections = 50;

/** The server checks its connections twice within its timeout, and can be busy. */
const deadlineMs = 2 * limitsUnderAttack.openTimeoutMs + 5_000;

const lineEndEveryMs = 250;

/** Half of the HTTP/2 connection preface. */
export const halfPreface: Attack = (target) => sendsOnly(target, clientPreface.subarray(0, clientPreface.length / 2));

/** Fewer bytes than the server needs to detect HTTP/2. */
export const threeBytes: Attack = (target) => sendsOnly(target, clientPreface.subarray(0, 3));

/** The HTTP/2 connection preface without the SETTINGS frame. */
export const onlyPreface: Attack = (target) => sendsOnly(target, clientPreface);

/** A request whose headers do not end. */
export const unfinishedHeaders: Attack = (target) => {
  const block = headerBlock(requestFields(target, methods.watchQuotes, "application/grpc"));
  const headers = frame(frameTypes.headers, frameFlags.none, 1, block);
  return sendsOnly(target, Buffer.concat([clientPreface, settingsFrame(), headers]));
};

/** An incomplete HEADERS frame. */
export const halfFrame: Attack = (target) => {
  const headers = frame(frameTypes.headers, frameFlags.endHeaders, 1, Buffer.alloc(100));
  return sendsOnly(target, Buffer.concat([clientPreface, settingsFrame(), headers.subarray(0, 50)]));
};

/** A complete request, followed only by empty lines, which HTTP/1.1 allows before the next request. */
export const lineEnds: Attack = async (target) => {
  const endings = Array.from({ length: connections }, async () => {
    using raw = await openAttackSocket(target, () => {});
    await raw.send(`GET /nothing.js HTTP/1.1\r\nhost: ${target.host}:${target.port}\r\n\r\n`);
    const until = performance.now() + limitsUnderAttack.idleTimeoutMs + deadlineMs;
    while (raw.isOpen() && performance.now() < until) {
      await raw.send("\r\n");
      await raw.endsWithin(lineEndEveryMs);
    }
    return raw.isOpen() ? "still open" : "closed";
  });
  return tally(await Promise.all(endings));
};

async function sendsOnly(target: Target, bytes: Uint8Array): Promise<Outcome> {
  const endings = Array.from({ length: connections }, async () => {
    using raw = await openAttackSocket(target, () => {});
    await raw.send(bytes);
    return (await raw.endsWithin(deadlineMs)) ? "closed" : "still open";
  });
  return tally(await Promise.all(endings));
}
