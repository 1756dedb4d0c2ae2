import { setTimeout as wait } from "node:timers/promises";
import { envelope } from "../http2-frames.ts";
import { methods } from "../methods.ts";
import { openRawHttp2 } from "../raw-http2.ts";
import { type Attack, type Target, tally } from "../target.ts";

/** Slightly less than the limit of concurrent calls on a connection. */
const callsInBurst = 950;

/** The time limit for the responses to all bursts, for a busy machine. */
const answerMs = 60_000;
const pollIntervalMs = 50;

const empty = envelope(0, new Uint8Array(0));
/** A WatchQuotesRequest with `*` as its symbol. */
const everySymbol = envelope(0, Uint8Array.of(0x0a, 1, 0x2a));

/** 950 calls that complete synchronously, in one write on one connection. */
export const listBurst: Attack = (target) => bursts(target, methods.listInstruments, empty, 1);

/** The same on twelve concurrent connections. */
export const manyListBursts: Attack = (target) => bursts(target, methods.listInstruments, empty, 12);

/** 950 streams of all quotes, in one write on one connection, which closes after each stream has started. */
export const watchBurst: Attack = (target) => bursts(target, methods.watchQuotes, everySymbol, 1);

async function bursts(target: Target, path: string, body: Uint8Array, connections: number) {
  const endings = Array.from({ length: connections }, async () => {
    using raw = await openRawHttp2(target);
    const calls = Array.from({ length: callsInBurst }, (_, index) => raw.request(2 * index + 1, path, { body }));
    await raw.send(Buffer.concat(calls));
    const until = performance.now() + answerMs;
    const isAnswered = () => raw.answers.size + raw.resets.size >= callsInBurst;
    while (!isAnswered() && raw.isOpen() && performance.now() < until) await wait(pollIntervalMs);
    return [...raw.answers.values(), ...raw.resets.values()];
  });
  return tally((await Promise.all(endings)).flat());
}
