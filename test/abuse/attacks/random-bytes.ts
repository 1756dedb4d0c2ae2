import { openAttackSocket } from "../attack-socket.ts";
import { clientPreface } from "../http2-frames.ts";
import { type Attack, tally } from "../target.ts";

const connections = 300;
const maxBytes = 8_192;
const seed = 1;
const deadlineMs = 5_000;

const beginnings = ["", "PRI ", clientPreface, "POST /", "GET / HTTP/1.1\r\nhost: localhost\r\n"];

/** Random bytes, alone and after the start of HTTP/1.1 and HTTP/2, followed by the client's end. */
export const randomBytes: Attack = async (target) => {
  const random = mulberry32(seed);
  const endings: string[] = [];
  for (let index = 0; index < connections; index++) {
    using raw = await openAttackSocket(target, () => {});
    const rubbish = Buffer.alloc(1 + Math.floor(random() * maxBytes));
    for (let at = 0; at < rubbish.length; at++) rubbish[at] = random() * 256;
    await raw.send(beginnings[index % beginnings.length] ?? "");
    await raw.send(rubbish);
    raw.socket.end();
    endings.push((await raw.endsWithin(deadlineMs)) ? "closed" : "still open");
  }
  return tally(endings);
};

/** A generator of random numbers from 0 to 1, determined by the seed. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
