import { frame, frameFlags, frameTypes } from "../http2-frames.ts";
import { methods } from "../methods.ts";
import { openRawHttp2 } from "../raw-http2.ts";
import { type Attack, type Outcome, type Target, tally } from "../target.ts";

const connections = 10;
const deadlineMs = 10_000;
const allowedBytes = 1 << 20;

/** A DATA frame one byte larger than SETTINGS_MAX_FRAME_SIZE of the server. */
export const tooLargeFrame: Attack = (target) =>
  sends(target, frame(frameTypes.data, frameFlags.none, 1, Buffer.alloc(allowedBytes + 1)));

/** A HEADERS frame of the maximum size. */
export const largestHeaders: Attack = (target) =>
  sends(target, frame(frameTypes.headers, frameFlags.endHeaders, 3, Buffer.alloc(allowedBytes)));

async function sends(target: Target, bytes: Uint8Array): Promise<Outcome> {
  const endings = Array.from({ length: connections }, async () => {
    using raw = await openRawHttp2(target);
    await raw.send(raw.request(1, methods.watchQuotes));
    await raw.send(bytes).catch(() => {});
    return await raw.ending(deadlineMs);
  });
  return tally(await Promise.all(endings));
}
