import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AttackRun, type Holdings, startAttackRun } from "./attack-run.ts";
import { listBurst, manyListBursts, watchBurst } from "./attacks/call-bursts.ts";
import { bombSwarm, brotliBomb, endlessGzipHeader, gzipBomb } from "./attacks/compression-bombs.ts";
import { badFlags, hugeEnvelope } from "./attacks/envelope-attacks.ts";
import * as floods from "./attacks/frame-floods.ts";
import * as headers from "./attacks/header-attacks.ts";
import * as idleConnections from "./attacks/idle-connections.ts";
import { clientStreamingMethods, contentTypes, noMessage, oneMessage, slowMessage } from "./attacks/idle-streams.ts";
import * as largeFrames from "./attacks/large-frames.ts";
import * as malformed from "./attacks/malformed-calls.ts";
import * as elements from "./attacks/many-elements.ts";
import { manyStreams, neverReads, neverReadsHttp1, zeroWindow } from "./attacks/many-streams.ts";
import { unfinishedBodies, unreadAnswers } from "./attacks/memory-hogs.ts";
import { randomBytes } from "./attacks/random-bytes.ts";
import { dataAfterEnd, madeYouReset, rapidReset } from "./attacks/reset-floods.ts";
import * as slow from "./attacks/slow-requests.ts";
import { stalledHttp1, stalledHttp2 } from "./attacks/stalled-downloads.ts";
import { limitsUnderAttack } from "./limits-under-attack.ts";
import { attackTable, holdingsTable } from "./report.ts";
import type { Outcome } from "./target.ts";

/** The time in which the server must free all resources, and the allowed difference to the state before. */
const recoveryMs = 30_000;

/**
 * The time in milliseconds after which the canary has closed the connections that it opened while the server was paused
 * for the count.
 */
const canaryIdleMs = 7_000;
const tolerance = 0.1;

/** How much more the process may have than before, where that is more: each thread's allocator keeps what it likes. */
const rssSlack = 128 * 1024 * 1024;

const canaryStreams = 20;
const canaryCallsPerSecond = 10;

/** How long the warm-up may take on a busy machine. */
const warmUpMs = 240_000;

/** How long a call of the canary may take during a burst: some 0.1 s on a quiet machine. */
const maxCanaryCallMs = 2_000;

/** What no attack may make the server use: some 300 KB for each of 1,500 stalled streams, twice over. */
const maxRss = 1_000_000_000;

/** How long an innocent call may wait for messages of many elements: 0.1 s and less on a calm machine. */
const maxBlockedMs = 2_000;

/** What such messages may make the server use: what it has at rest, twice over. */
const maxElementsRss = 900_000_000;

let run: AttackRun;
let before: Holdings;

beforeAll(async () => {
  run = await startAttackRun();
  // Compiled code, caches, and what the allocator keeps for the next time are no leak: the heaviest attacks fill them.
  const heaviest = [manyStreams, zeroWindow, neverReads, bombSwarm, gzipBomb, malformed.deepJson, rapidReset];
  // Twice: after one round the allocator still takes a little more each time.
  for (const attack of [...heaviest, ...heaviest]) await run.under("warm-up", attack);
  before = await settled();
}, warmUpMs);

afterAll(async () => {
  if (before !== undefined) process.stdout.write(attackTable(run.records));
  await run[Symbol.asyncDispose]();
});

describe("a connection without a complete request is closed in time:", () => {
  test("random bytes", async () => {
    expect(await run.under("random bytes", randomBytes)).toEqual({ closed: 300 });
  });

  test("three bytes", async () => {
    expect(await run.under("three bytes", idleConnections.threeBytes)).toEqual({ closed: 50 });
  });

  test("half a preface", async () => {
    expect(await run.under("half a preface", idleConnections.halfPreface)).toEqual({ closed: 50 });
  });

  test("a preface and nothing more", async () => {
    expect(await run.under("a preface and nothing more", idleConnections.onlyPreface)).toEqual({ closed: 50 });
  });

  test("half a frame", async () => {
    expect(await run.under("half a frame", idleConnections.halfFrame)).toEqual({ closed: 50 });
  });

  test("line ends after a request", async () => {
    expect(await run.under("line ends", idleConnections.lineEnds)).toEqual({ closed: 50 });
  });

  test("headers that never end", async () => {
    expect(await run.under("unfinished HEADERS", idleConnections.unfinishedHeaders)).toEqual({ closed: 50 });
  });
});

describe("a request that comes too slowly ends in time:", () => {
  test("headers on HTTP/1.1, with 408", async () => {
    expect(await run.under("slow header, HTTP/1.1", slow.slowHeaderHttp1)).toEqual({ "HTTP 408": 50 });
  });

  test("headers on HTTP/2, with the session", async () => {
    expect(await run.under("slow header, HTTP/2", slow.slowHeaderHttp2)).toEqual({ closed: 50 });
  });

  test("a body on HTTP/1.1, with 504", async () => {
    expect(await run.under("slow body, HTTP/1.1", slow.slowBodyHttp1)).toEqual({ "HTTP 504": 50 });
  });

  test("a body on HTTP/2, with an answer", async () => {
    expect(await run.under("slow body, HTTP/2", slow.slowBodyHttp2)).toEqual({ "HTTP 200": 50 });
  });
});

describe("a flood of frames ends the session:", () => {
  test.each([
    ["PING", floods.pingFlood],
    ["PING, unread", floods.unreadPingFlood],
    ["SETTINGS", floods.settingsFlood],
    ["empty DATA", floods.emptyDataFlood],
    ["PRIORITY", floods.priorityFlood],
    ["CONTINUATION", floods.continuationFlood],
    ["empty CONTINUATION", floods.emptyContinuationFlood],
    ["rapid reset", rapidReset],
    ["window updates of zero", madeYouReset],
    ["DATA after the end", dataAfterEnd],
  ])("%s", async (name, attack) => {
    expect(stillOpen(await run.under(`${name} flood`, attack))).toBe(0);
  });
});

describe("a frame that is too large ends the session:", () => {
  test("DATA of more than a MiB", async () => {
    expect(stillOpen(await run.under("frame too large", largeFrames.tooLargeFrame))).toBe(0);
  });

  test("HEADERS of a MiB", async () => {
    expect(stillOpen(await run.under("HEADERS of a MiB", largeFrames.largestHeaders))).toBe(0);
  });
});

test("a flood of WINDOW_UPDATEs costs little, and ends nothing", async () => {
  expect(await run.under("WINDOW_UPDATE flood", floods.windowUpdateFlood)).toEqual({ "still open": 4 });
});

describe("a client with more streams than it reads keeps nobody waiting:", () => {
  test("3,000 streams on one connection end the session", async () => {
    expect(stillOpen(await run.under("3,000 streams", manyStreams))).toBe(0);
  });

  test("1,500 streams with a zero window are cut off", async () => {
    const outcome = await run.under("1,500 streams, zero window", zeroWindow);
    expect(answered(outcome) + stillOpen(outcome)).toBe(0);
  });

  test("connections of HTTP/2 that never read are cut off", async () => {
    expect(await run.under("never reads, HTTP/2", neverReads)).toEqual({ closed: 5 });
  });

  test("connections of HTTP/1.1 that never read are cut off", async () => {
    expect(await run.under("never reads, HTTP/1.1", neverReadsHttp1)).toEqual({ closed: 10 });
  });
});

describe("a download that its client does not read is cut off:", () => {
  test("over HTTP/1.1", async () => {
    expect(await run.under("stalled downloads, HTTP/1.1", stalledHttp1)).toEqual({ "cut off": 50 });
  });

  test("over HTTP/2", async () => {
    expect(await run.under("stalled downloads, HTTP/2", stalledHttp2)).toEqual({ INTERNAL_ERROR: 50 });
  });
});

describe("a method whose client streams ends in time, whichever it is, for a client that sends", () => {
  const calls = clientStreamingMethods.length * contentTypes.length;

  test("nothing", async () => {
    expect(clientStreamingMethods.length).toBeGreaterThan(10);
    expect(await run.under("no message", noMessage)).toEqual({ deadline_exceeded: calls });
  });

  test("one message and nothing more", async () => {
    // Some are refused at once: an empty message is no start of theirs.
    const outcome = await run.under("one message", oneMessage);
    expect(Object.keys(outcome).filter((ending) => ending.startsWith("still open"))).toEqual([]);
    expect(outcome.deadline_exceeded).toBeGreaterThan(calls / 2);
  });

  test("its first message a byte at a time", async () => {
    expect(await run.under("slow message", slowMessage)).toEqual({ deadline_exceeded: calls });
  });
});

describe("headers beyond what is taken are refused:", () => {
  test("128 and more on HTTP/1.1, with 431", async () => {
    expect(await run.under("many headers, HTTP/1.1", headers.manyHeadersHttp1)).toEqual({ "HTTP 431": 2 });
  });

  test("128 and more on HTTP/2, with a reset", async () => {
    expect(await run.under("many headers, HTTP/2", headers.manyHeadersHttp2)).toEqual({ ENHANCE_YOUR_CALM: 2 });
  });

  test("long ones on HTTP/1.1, with 431", async () => {
    expect(await run.under("long headers, HTTP/1.1", headers.longHeadersHttp1)).toEqual({ "HTTP 431": 2 });
  });

  test("long ones on HTTP/2, with 431", async () => {
    expect(await run.under("long headers, HTTP/2", headers.longHeadersHttp2)).toEqual({ "HTTP 431": 2 });
  });

  test("a few bytes of HPACK that encode 40 MB, with a reset", async () => {
    expect(await run.under("HPACK bomb", headers.hpackBomb)).toEqual({ ENHANCE_YOUR_CALM: 100 });
  });
});

describe("headers that are no headers change nothing:", () => {
  test("line ends within one are refused on HTTP/1.1", async () => {
    expect(await run.under("CRLF in headers, HTTP/1.1", headers.crlfHttp1)).toEqual({ "HTTP 400": 3 });
  });

  test("line ends within one are left out on HTTP/2", async () => {
    expect(await run.under("CRLF in headers, HTTP/2", headers.crlfHttp2)).toEqual({ "HTTP 404": 4 });
  });

  test("__proto__ is a name like any other on HTTP/1.1", async () => {
    expect(await run.under("__proto__ header, HTTP/1.1", headers.protoHeadersHttp1)).toEqual({ "HTTP 404": 3 });
  });

  test("__proto__ is a name like any other on HTTP/2", async () => {
    expect(await run.under("__proto__ header, HTTP/2", headers.protoHeadersHttp2)).toEqual({ "HTTP 404": 3 });
  });
});

describe("a message that is none is refused:", () => {
  test("an envelope that claims 4 GiB, without allocating it", async () => {
    expect(await run.under("envelope of 4 GiB", hugeEnvelope)).toEqual({ resource_exhausted: 140 });
  });

  test("envelope flags that mean nothing, or they are not looked at", async () => {
    const answers = Object.keys(await run.under("bad envelope flags", badFlags));
    expect(answers.sort()).toEqual(["internal", "invalid_argument", "ok", "unimplemented"]);
  });

  test("a bomb in gzip", async () => {
    expect(await run.under("gzip bomb", gzipBomb)).toEqual({ resource_exhausted: 60 });
  });

  test("a bomb in Brotli", async () => {
    expect(await run.under("Brotli bomb", brotliBomb)).toEqual({ resource_exhausted: 60 });
  });

  test("900 small bombs at once", async () => {
    // On a busy machine the last of them may come too late to be unpacked.
    expect(answered(await run.under("900 gzip bombs", bombSwarm))).toBe(0);
  });

  test("a method that is not served", async () => {
    expect(await run.under("unknown method", malformed.unknownMethod)).toEqual({ unimplemented: 8 });
  });

  test("a content type of no protocol", async () => {
    expect(await run.under("wrong content type", malformed.wrongContentType)).toEqual({ "HTTP 415": 10 });
  });

  test("malformed JSON", async () => {
    expect(await run.under("malformed JSON", malformed.malformedJson)).toEqual({
      invalid_argument: 18,
      resource_exhausted: 2,
    });
  });

  test("JSON of depth 8,000 and more", async () => {
    const outcome = await run.under("deep JSON", malformed.deepJson);
    expect(outcome).toEqual({ invalid_argument: 8, resource_exhausted: 2 });
  });

  test("protobuf of depth 8,000", async () => {
    expect(await run.under("deep protobuf", malformed.deepProtobuf)).toEqual({ invalid_argument: 4 });
  });

  test("keys named __proto__ and constructor", async () => {
    const outcome = await run.under("__proto__ keys", malformed.protoKeys);
    expect(outcome).toEqual({ invalid_argument: 6, unimplemented: 4 });
  });
});

describe("a burst of calls on one connection keeps no other client waiting:", () => {
  test("950 calls that never wait for anything", async () => {
    expect(await run.under("950 ListInstruments", listBurst)).toEqual({ "HTTP 200": 950 });
    expect(slowestCanaryCall()).toBeLessThan(maxCanaryCallMs);
  });

  test("the same on twelve connections", async () => {
    expect(await run.under("12 x 950 ListInstruments", manyListBursts)).toEqual({ "HTTP 200": 12 * 950 });
    expect(slowestCanaryCall()).toBeLessThan(maxCanaryCallMs);
  });

  test("950 streams of all quotes", async () => {
    expect(await run.under("950 WatchQuotes *", watchBurst)).toEqual({ "HTTP 200": 950 });
    expect(slowestCanaryCall()).toBeLessThan(maxCanaryCallMs);
  });
});

describe("what a client has the server hold is bounded:", () => {
  test("the newest of 900 requests that never end are refused", async () => {
    const outcome = await run.under("900 unfinished requests", unfinishedBodies);
    const { maxSessionBufferedBytes } = limitsUnderAttack;
    expect(Object.keys(outcome).sort()).toEqual(["ResourceExhausted", "held"]);
    expect((outcome.held ?? 0) * 500 * 1024).toBeLessThanOrEqual(maxSessionBufferedBytes);
  });

  test("answers that nobody reads", async () => {
    expect(await run.under("27,000 unread answers", unreadAnswers)).toEqual({ unread: 27_000 });
  });
});

describe("a message of many elements is refused before anything is made of it:", () => {
  test.each([
    ["2,000,000 empty symbols", elements.emptySymbols],
    ["as many symbols as a message holds", elements.fittingSymbols],
    ["4,000,000 states of uploads", elements.uploadStates],
    ["2,000,000 unknown fields, 60 times at once", elements.unknownFields],
    ["as many unknown fields as a message holds, 60 times at once", elements.fittingUnknownFields],
  ])("%s", async (name, attack) => {
    const { ok = 0, internal = 0, ...refused } = await run.under(name, attack);
    expect({ ok, internal }).toEqual({ ok: 0, internal: 0 });
    const codes = ["invalid_argument", "resource_exhausted"];
    expect(Object.keys(refused).filter((code) => !codes.includes(code))).toEqual([]);
    const { canary, peakRss } = run.records.at(-1) ?? {};
    expect(canary?.slowestCallMs).toBeLessThan(maxBlockedMs);
    expect(peakRss).toBeLessThan(maxElementsRss);
  });
});

test("a gzip header without an end is INVALID_ARGUMENT", async () => {
  expect(await run.under("gzip header without an end", endlessGzipHeader)).toEqual({ invalid_argument: 2 });
});

describe("when all is over", () => {
  test("the canary continued its calls, and its streams received their heartbeats", () => {
    const seconds = run.records.reduce((sum, { durationMs }) => sum + durationMs, 0) / 1_000;
    const calls = run.records.reduce((sum, { canary }) => sum + canary.calls, 0);
    const heartbeats = run.records.reduce((sum, { canary }) => sum + canary.heartbeats, 0);
    expect(calls).toBeGreaterThan((seconds * canaryCallsPerSecond) / 2);
    expect(heartbeats / canaryStreams).toBeGreaterThan(seconds / 2);
  });

  test("the server's log has no error", async () => {
    expect(await run.complaints()).toEqual([]);
  });

  test("no attack has made the server use too much memory", () => {
    expect(run.records.filter(({ peakRss }) => peakRss > maxRss)).toEqual([]);
  });

  test("the server holds what it held before, within 10 % and 30 s", async () => {
    const after = await settled();
    process.stdout.write(holdingsTable(before, after));
    expect(after.pollutedKeys).toBe(0);
    expect(excess(after)).toEqual([]);
  });
});

/** The slowest call of the canary during the newest attack, in ms. */
function slowestCanaryCall(): number {
  return run.records.at(-1)?.canary.slowestCallMs ?? Number.POSITIVE_INFINITY;
}

/** What the server holds as soon as that is no more than before, or time is up. */
async function settled(): Promise<Holdings> {
  const until = performance.now() + recoveryMs;
  for (;;) {
    const holdings = await run.holdings();
    const done = before === undefined ? holdings.calls === holdings.watchers : excess(holdings).length === 0;
    if (done || performance.now() > until) return holdings;
    await wait(canaryIdleMs);
  }
}

/** The names of what the server holds more of than before. */
function excess(after: Holdings): string[] {
  const names = ["memory", "rss", "fileDescriptors", "sockets", "sessions", "calls", "watchers"] as const;
  const slack = (name: keyof Holdings) => Math.max(before[name] * tolerance, name === "rss" ? rssSlack : 0);
  return names.filter((name) => after[name] > before[name] + slack(name));
}

function answered(outcome: Outcome): number {
  return (outcome["HTTP 200"] ?? 0) + (outcome.ok ?? 0);
}

function stillOpen(outcome: Outcome): number {
  return outcome["still open"] ?? 0;
}
