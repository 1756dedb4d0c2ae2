import { openAttackSocket } from "../attack-socket.ts";
import { clientPreface, frame, frameFlags, frameTypes, headerBlock, settingsFrame } from "../http2-frames.ts";
import { limitsUnderAttack } from "../limits-under-attack.ts";
import { methods } from "../methods.ts";
import { requestFields } from "../raw-http2.ts";
import { type Attack, type Outcome, type Target, tally } from "../target.ts";

const connections = 50;

/** The server looks at its connections twice within its timeout, and may be busy. */
const deadlineMs = 2 * limitsUnderAttack.openTimeoutMs + 5_000;

const lineEndEveryMs = 250;

/** Half of what an HTTP/2 client begins with. */
export const halfPreface: Attack = (target) => sendsOnly(target, clientPreface.subarray(0, clientPreface.length / 2));

/** Fewer bytes than the detection of HTTP/2 needs. */
export const threeBytes: Attack = (target) => sendsOnly(target, clientPreface.subarray(0, 3));

/** What an HTTP/2 client begins with, and not even its SETTINGS. */
export const onlyPreface: Attack = (target) => sendsOnly(target, clientPreface);

/** A request whose headers never end. */
export const unfinishedHeaders: Attack = (target) => {
  const block = headerBlock(requestFields(target, methods.watchQuotes, "application/grpc"));
  const headers = frame(frameTypes.headers, frameFlags.none, 1, block);
  return sendsOnly(target, Buffer.concat([clientPreface, settingsFrame(), headers]));
};

/** A frame of headers that never comes to its end. */
export const halfFrame: Attack = (target) => {
  const headers = frame(frameTypes.headers, frameFlags.endHeaders, 1, Buffer.alloc(100));
  return sendsOnly(target, Buffer.concat([clientPreface, settingsFrame(), headers.subarray(0, 50)]));
};

/** A request that is answered, and then the line ends that HTTP allows before the next one, which never comes. */
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
