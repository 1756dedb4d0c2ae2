import { type AttackSocket, openAttackSocket } from "../attack-socket.ts";
import { envelope } from "../http2-frames.ts";
import { limitsUnderAttack } from "../limits-under-attack.ts";
import { methods } from "../methods.ts";
import { openRawHttp2, type RawHttp2 } from "../raw-http2.ts";
import { type Attack, tally } from "../target.ts";

const readingMs = 2_000;
const pollIntervalMs = 50;
const sendingMs = 2_000;
/** Twice the keep-alive time: the server sends a PING after the first, and closes the connection after the second. */
const forMs = 2 * limitsUnderAttack.keepAliveMs + 4_000;

/** The time limit for the end of a session, for a busy machine. */
const deadlineMs = 20_000;
/** A WatchQuotesRequest with `*` as its symbol. */
const watchAll = envelope(0, Uint8Array.of(0x0a, 1, 0x2a));

/** 3,000 streams of all quotes on one connection. The client reads as fast as it can. */
export const manyStreams: Attack = async (target) => {
  using raw = await openRawHttp2(target);
  return tally(await watchOn(raw, 3_000));
};

/** 1,500 streams of all quotes on two connections of a client with a flow-control window of 0. */
export const zeroWindow: Attack = async (target) => {
  using one = await openRawHttp2(target, { window: 0 });
  using other = await openRawHttp2(target, { window: 0 });
  const endings = await Promise.all([watchOn(one, 750), watchOn(other, 750)]);
  return tally(endings.flat());
};

/** Clients with 300 streams of all quotes each and a large flow-control window, which do not read. */
export const neverReads: Attack = async (target) => {
  const endings = Array.from({ length: 5 }, async () => {
    using raw = await openRawHttp2(target, { reads: false });
    for (let index = 0; index < 300; index++) {
      await raw.send(raw.request(2 * index + 1, methods.watchQuotes, { body: watchAll }));
    }
    return await endingUnread(raw);
  });
  return tally(await Promise.all(endings));
};

/** Clients that request the whole catalogue a thousand times, pipelined on one HTTP/1.1 connection. */
export const neverReadsHttp1: Attack = async (target) => {
  const body = envelope(0, Buffer.from("{}"));
  const head = `POST ${methods.listProducts} HTTP/1.1\r\nhost: ${target.host}:${target.port}\r\n`;
  const fields = `content-type: application/connect+json\r\ncontent-length: ${body.length}\r\n\r\n`;
  const request = Buffer.concat([Buffer.from(head + fields), body]);
  const endings = Array.from({ length: 10 }, async () => {
    using raw = await openAttackSocket(target);
    await Promise.race([raw.flood(request, 1_000, forMs), raw.endsWithin(sendingMs)]);
    return await endingUnread(raw);
  });
  return tally(await Promise.all(endings));
};

/** Waits without reading, and then reads, because a socket detects its end only if it reads. */
async function endingUnread(raw: AttackSocket): Promise<string> {
  await raw.endsWithin(forMs);
  raw.socket.resume();
  return (await raw.endsWithin(readingMs)) ? "closed" : "still open";
}

/** Opens a number of streams, and returns the outcome of each. */
async function watchOn(raw: RawHttp2, streams: number): Promise<string[]> {
  for (let index = 0; index < streams && raw.isOpen(); index++) {
    await raw.send(raw.request(2 * index + 1, methods.watchQuotes, { body: watchAll }));
  }
  const until = performance.now() + deadlineMs;
  while (raw.isOpen() && raw.resets.size < streams && performance.now() < until) await raw.endsWithin(pollIntervalMs);
  const ending = await raw.ending(0);
  return Array.from({ length: streams }, (_, index) => {
    const stream = 2 * index + 1;
    return raw.resets.get(stream) ?? (ending === "still open" ? raw.answers.get(stream) : undefined) ?? ending;
  });
}
