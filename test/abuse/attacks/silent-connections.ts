import { openAttackSocket } from "../attack-socket.ts";
import { clientPreface, frame, frameFlags, frameTypes, headerBlock, settingsFrame } from "../http2-frames.ts";
import { limitsUnderAttack } from "../limits-under-attack.ts";
import { methods } from "../methods.ts";
import { requestFields } from "../raw-http2.ts";
import { type Attack, type Outcome, type Target, tally } from "../target.ts";

const connections = 50;

/** The server looks at its connections twice within its timeout, and may be busy. */
const patienceMs = 2 * limitsUnderAttack.openTimeoutMs + 5_000;

const lineEndEveryMs = 250;

/** Half of what an HTTP/2 client begins with. */
export const halfPreface: Attack = (target) => saysOnly(target, clientPreface.subarray(0, clientPreface.length / 2));

/** Less than what tells HTTP/2 from HTTP/1.1. */
export const threeBytes: Attack = (target) => saysOnly(target, clientPreface.subarray(0, 3));

/** What an HTTP/2 client begins with, and not even its SETTINGS. */
export const onlyPreface: Attack = (target) => saysOnly(target, clientPreface);

/** A request whose headers never end. */
export const unfinishedHeaders: Attack = (target) => {
  const block = headerBlock(requestFields(target, methods.watchQuotes, "application/grpc"));
  const headers = frame(frameTypes.headers, frameFlags.none, 1, block);
  return saysOnly(target, Buffer.concat([clientPreface, settingsFrame(), headers]));
};

/** A frame of headers that never comes to its end. */
export const halfFrame: Attack = (target) => {
  const headers = frame(frameTypes.headers, frameFlags.endHeaders, 1, Buffer.alloc(100));
  return saysOnly(target, Buffer.concat([clientPreface, settingsFrame(), headers.subarray(0, 50)]));
};

/** A request that is answered, and then the line ends that HTTP allows before the next one, which never comes. */
export const lineEnds: Attack = async (target) => {
  const endings = Array.from({ length: connections }, async () => {
    using raw = await openAttackSocket(target, () => {});
    await raw.send(`GET /nothing.js HTTP/1.1\r\nhost: ${target.host}:${target.port}\r\n\r\n`);
    const until = performance.now() + limitsUnderAttack.idleTimeoutMs + patienceMs;
    while (raw.isOpen() && performance.now() < until) {
      await raw.send("\r\n");
      await raw.endsWithin(lineEndEveryMs);
    }
    return raw.isOpen() ? "still open" : "closed";
  });
  return tally(await Promise.all(endings));
};

async function saysOnly(target: Target, bytes: Uint8Array): Promise<Outcome> {
  const endings = Array.from({ length: connections }, async () => {
    using raw = await openAttackSocket(target, () => {});
    await raw.send(bytes);
    return (await raw.endsWithin(patienceMs)) ? "closed" : "still open";
  });
  return tally(await Promise.all(endings));
}
