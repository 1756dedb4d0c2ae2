import type { Message } from "@bufbuild/protobuf";
import { callScheduler } from "../protection/call-scheduler.ts";
import type { MessageDecoder } from "./message-decoder.ts";

/** The smallest message, in bytes, whose decoding takes long enough that it is worth a look at the clock. */
const largeMessageBytes = 8 * 1024;

/** Runs a step after other calls have had their turn of the event loop. */
export type GiveWay = (step: () => void) => void;

/** What a message is decoded with. */
export interface DecodeOptions {
  readonly decoder: MessageDecoder;
  /** Protobuf, or JSON. */
  readonly binary: boolean;
  readonly giveWay: GiveWay;
}

/**
 * Decodes a message at once, or in a later turn of the event loop if it is large and the calls have used up their time
 * in this turn.
 *
 * Messages of many connections can become complete in the same turn, and so can many decompressions: each is a large
 * step, and together they would block the event loop for seconds.
 */
export function decodeInTurn(
  bytes: Uint8Array,
  { decoder, binary, giveWay }: DecodeOptions,
): Message | Promise<Message> {
  if (bytes.byteLength < largeMessageBytes || !callScheduler.sliceUsed) return decoder.decode(bytes, binary);
  return nextTurn(giveWay).then(() => decoder.decode(bytes, binary));
}

/** Resolves after other calls have had their turn. */
export function nextTurn(giveWay: GiveWay): Promise<void> {
  return new Promise(giveWay);
}
