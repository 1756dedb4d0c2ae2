import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AttackRun, type ServerResources, startAttackRun } from "./attack-run.ts";
import { listBurst, manyListBursts, watchBurst } from "./attacks/call-bursts.ts";
import { brotliBomb, concurrentBombs, endlessGzipHeader, gzipBomb } from "./attacks/compression-bombs.ts";
import { hugeEnvelope, undefinedFlags } from "./attacks/envelope-attacks.ts";
import * as floods from "./attacks/frame-floods.ts";
import * as headers from "./attacks/header-attacks.ts";
import * as idleConnections from "./attacks/idle-connections.ts";
import { clientStreamingMethods, contentTypes, noMessage, oneMessage, slowMessage } from "./attacks/idle-streams.ts";
import * as largeFrames from "./attacks/large-frames.ts";
import * as malformed from "./attacks/malformed-calls.ts";
import * as elements from "./attacks/many-elements.ts";
import { manyStreams, neverReads, neverReadsHttp1, zeroWindow } from "./attacks/many-streams.ts";
import { unfinishedBodies, unreadAnswers } from "./attacks/memory-exhaustion.ts";
import { randomBytes } from "./attacks/random-bytes.ts";
import { dataAfterEnd, madeYouReset, rapidReset } from "./attacks/reset-floods.ts";
import * as slow from "./attacks/slow-requests.ts";
import { stalledHttp1, stalledHttp2 } from "./attacks/stalled-downloads.ts";
import { limitsUnderAttack } from "./limits-under-attack.ts";
import { attackTable, resourceTable } from "./report.ts";
import type { Outcome } from "./target.ts";

/** The time in which the server must free the resources of the attacks, and the tolerated difference. */
const recoveryMs = 30_000;

/**
 * The time in milliseconds after which the canary has closed the connections that it opened during a measurement, when
 * the server was paused.
 */
const canaryIdleMs = 7_000;
const tolerance = 0.1;

/** The tolerated difference of the RSS if it is larger, because the allocator of each thread retains memory. */
const rssSlack = 128 * 1024 * 1024;

const canaryStreams = 20;
const canaryCallsPerSecond = 10;

/** The time limit of the warm-up, for a busy machine. */
const warmUpMs = 240_000;

/** The time limit of a canary call during a burst. It takes about 0.1 s on an idle machine. */
const maxCanaryCallMs = 2_000;

/**
 * The limit of the RSS during an attack: twice the 300 KB that each of 1,500 stalled streams uses, and the memory that the
 * allocator retains after earlier attacks.
 */
const maxRss = 1_200_000_000;

/** The time limit of a canary call during messages of many elements. It takes up to 0.1 s on an idle machine. */
const maxBlockedMs = 2_000;

/** The limit of the growth of the RSS during such messages. It is up to 100 MB; without the limits it was gigabytes. */
const maxElementsGrowth = 400_000_000;

let run: AttackRun;
let before: ServerResources;

beforeAll(async () => {
  run = await startAttackRun();
  // The heaviest attacks fill compiled code, caches and the allocator's free lists, which are not leaks.
  const heaviest = [manyStreams, zeroWindow, neverReads, concurrentBombs, gzipBomb, malformed.deepJson, rapidReset];
  // Runs twice, because the allocator still grows after the first round.
  for (const attack of [...heaviest, ...heaviest]) await run.under("warm-up", attack);
  before = await settledResources();
}, warmUpMs);

afterAll(async () => {
  if (before !== undefined) process.stdout.write(attackTable(run.records));
  await run[Symbol.asyncDispose]();
});

describe("the server closes a connection in time that sends only", () => {
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

  test("empty lines after a request", async () => {
    expect(await run.under("line ends", idleConnections.lineEnds)).toEqual({ closed: 50 });
  });

  test("headers that never end", async () => {
    expect(await run.under("unfinished HEADERS", idleConnections.unfinishedHeaders)).toEqual({ closed: 50 });
  });
});

describe("the server ends a request in time if it is too slow:", () => {
  test("headers on HTTP/1.1, with 408", async () => {
    expect(await run.under("slow header, HTTP/1.1", slow.slowHeaderHttp1)).toEqual({ "HTTP 408": 50 });
  });

  test("headers on HTTP/2, with the end of the session", async () => {
    expect(await run.under("slow header, HTTP/2", slow.slowHeaderHttp2)).toEqual({ closed: 50 });
  });

  test("a body on HTTP/1.1, with 504", async () => {
    expect(await run.under("slow body, HTTP/1.1", slow.slowBodyHttp1)).toEqual({ "HTTP 504": 50 });
  });

  test("a body on HTTP/2, with a response", async () => {
    expect(await run.under("slow body, HTTP/2", slow.slowBodyHttp2)).toEqual({ "HTTP 200": 50 });
  });
});

describe("the server ends a session that floods it with", () => {
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

describe("the server ends a session with too large a frame:", () => {
  test("DATA of more than a MiB", async () => {
    expect(stillOpen(await run.under("frame too large", largeFrames.tooLargeFrame))).toBe(0);
  });

  test("HEADERS of a MiB", async () => {
    expect(stillOpen(await run.under("HEADERS of a MiB", largeFrames.largestHeaders))).toBe(0);
  });
});

test("a flood of WINDOW_UPDATE frames does not end the connection", async () => {
  expect(await run.under("WINDOW_UPDATE flood", floods.windowUpdateFlood)).toEqual({ "still open": 4 });
});

describe("a client that reads more slowly than it opens streams does not delay other clients:", () => {
  test("the server ends a session with 3,000 streams", async () => {
    expect(stillOpen(await run.under("3,000 streams", manyStreams))).toBe(0);
  });

  test("the server ends 1,500 streams with a zero window", async () => {
    const outcome = await run.under("1,500 streams, zero window", zeroWindow);
    expect(answered(outcome) + stillOpen(outcome)).toBe(0);
  });

  test("the server closes HTTP/2 connections that never read", async () => {
    expect(await run.under("never reads, HTTP/2", neverReads)).toEqual({ closed: 5 });
  });

  test("the server closes HTTP/1.1 connections that never read", async () => {
    expect(await run.under("never reads, HTTP/1.1", neverReadsHttp1)).toEqual({ closed: 10 });
  });
});

describe("the server aborts a download that the client does not read:", () => {
  test("over HTTP/1.1", async () => {
    expect(await run.under("stalled downloads, HTTP/1.1", stalledHttp1)).toEqual({ "cut off": 50 });
  });

  test("over HTTP/2", async () => {
    expect(await run.under("stalled downloads, HTTP/2", stalledHttp2)).toEqual({ INTERNAL_ERROR: 50 });
  });
});

describe("each client-streaming method ends a call at its deadline if the client sends", () => {
  const calls = clientStreamingMethods.length * contentTypes.length;

  test("no message", async () => {
    expect(clientStreamingMethods.length).toBeGreaterThan(10);
    expect(await run.under("no message", noMessage)).toEqual({ deadline_exceeded: calls });
  });

  test("only one message", async () => {
    // Some methods reject the call immediately, because their first message must not be empty.
    const outcome = await run.under("one message", oneMessage);
    expect(Object.keys(outcome).filter((ending) => ending.startsWith("still open"))).toEqual([]);
    expect(outcome.deadline_exceeded).toBeGreaterThan(calls / 2);
  });

  test("the first message byte by byte", async () => {
    expect(await run.under("slow message", slowMessage)).toEqual({ deadline_exceeded: calls });
  });
});

describe("the server rejects headers that exceed a limit:", () => {
  test("128 and more headers on HTTP/1.1, with 431", async () => {
    expect(await run.under("many headers, HTTP/1.1", headers.manyHeadersHttp1)).toEqual({ "HTTP 431": 2 });
  });

  test("128 and more headers on HTTP/2, with a reset", async () => {
    expect(await run.under("many headers, HTTP/2", headers.manyHeadersHttp2)).toEqual({ ENHANCE_YOUR_CALM: 2 });
  });

  test("long headers on HTTP/1.1, with 431", async () => {
    expect(await run.under("long headers, HTTP/1.1", headers.longHeadersHttp1)).toEqual({ "HTTP 431": 2 });
  });

  test("long headers on HTTP/2, with 431", async () => {
    expect(await run.under("long headers, HTTP/2", headers.longHeadersHttp2)).toEqual({ "HTTP 431": 2 });
  });

  test("an HPACK block of a few bytes that encodes 40 MB, with a reset", async () => {
    expect(await run.under("HPACK bomb", headers.hpackBomb)).toEqual({ ENHANCE_YOUR_CALM: 100 });
  });
});

describe("malformed headers have no effect:", () => {
  test("the server rejects a header with a line break on HTTP/1.1", async () => {
    expect(await run.under("CRLF in headers, HTTP/1.1", headers.crlfHttp1)).toEqual({ "HTTP 400": 3 });
  });

  test("the server ignores a header with a line break on HTTP/2", async () => {
    expect(await run.under("CRLF in headers, HTTP/2", headers.crlfHttp2)).toEqual({ "HTTP 404": 4 });
  });

  test("__proto__ is an ordinary header name on HTTP/1.1", async () => {
    expect(await run.under("__proto__ header, HTTP/1.1", headers.protoHeadersHttp1)).toEqual({ "HTTP 404": 3 });
  });

  test("__proto__ is an ordinary header name on HTTP/2", async () => {
    expect(await run.under("__proto__ header, HTTP/2", headers.protoHeadersHttp2)).toEqual({ "HTTP 404": 3 });
  });
});

describe("the server rejects", () => {
  test("an envelope of 4 GiB, without allocating it", async () => {
    expect(await run.under("envelope of 4 GiB", hugeEnvelope)).toEqual({ resource_exhausted: 140 });
  });

  test("undefined envelope flags, or ignores them", async () => {
    const answers = Object.keys(await run.under("bad envelope flags", undefinedFlags));
    expect(answers.sort()).toEqual(["internal", "invalid_argument", "ok", "unimplemented"]);
  });

  test("a gzip bomb", async () => {
    expect(await run.under("gzip bomb", gzipBomb)).toEqual({ resource_exhausted: 60 });
  });

  test("a Brotli bomb", async () => {
    expect(await run.under("Brotli bomb", brotliBomb)).toEqual({ resource_exhausted: 60 });
  });

  test("900 concurrent small bombs", async () => {
    // On a busy machine the last ones can arrive too late to be decompressed.
    expect(answered(await run.under("900 gzip bombs", concurrentBombs))).toBe(0);
  });

  test("an unknown method", async () => {
    expect(await run.under("unknown method", malformed.unknownMethod)).toEqual({ unimplemented: 8 });
  });

  test("an unknown content type", async () => {
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

describe("a burst of calls on one connection does not delay other clients:", () => {
  test("950 calls that complete synchronously", async () => {
    expect(await run.under("950 ListInstruments", listBurst)).toEqual({ "HTTP 200": 950 });
    expect(slowestCanaryCall()).toBeLessThan(maxCanaryCallMs);
  });

  test("950 such calls on each of twelve connections", async () => {
    expect(await run.under("12 x 950 ListInstruments", manyListBursts)).toEqual({ "HTTP 200": 12 * 950 });
    expect(slowestCanaryCall()).toBeLessThan(maxCanaryCallMs);
  });

  test("950 streams of all quotes", async () => {
    expect(await run.under("950 WatchQuotes *", watchBurst)).toEqual({ "HTTP 200": 950 });
    expect(slowestCanaryCall()).toBeLessThan(maxCanaryCallMs);
  });
});

describe("the server limits the memory of", () => {
  test("900 unfinished requests, and rejects the newest ones", async () => {
    const outcome = await run.under("900 unfinished requests", unfinishedBodies);
    const { maxSessionBufferedBytes } = limitsUnderAttack;
    expect(Object.keys(outcome).sort()).toEqual(["ResourceExhausted", "buffered"]);
    expect((outcome.buffered ?? 0) * 500 * 1024).toBeLessThanOrEqual(maxSessionBufferedBytes);
  });

  test("27,000 responses that no client reads", async () => {
    expect(await run.under("27,000 unread answers", unreadAnswers)).toEqual({ unread: 27_000 });
  });
});

describe("the server rejects a message of many elements before it decodes it:", () => {
  test.each([
    ["2,000,000 empty symbols", elements.emptySymbols],
    ["as many symbols as fit in a message", elements.fittingSymbols],
    ["4,000,000 upload states", elements.uploadStates],
    ["2,000,000 unknown fields, 60 times concurrently", elements.unknownFields],
    ["as many unknown fields as fit in a message, 60 times concurrently", elements.fittingUnknownFields],
  ])("%s", async (name, attack) => {
    const { ok = 0, internal = 0, ...refused } = await run.under(name, attack);
    expect({ ok, internal }).toEqual({ ok: 0, internal: 0 });
    const codes = ["invalid_argument", "resource_exhausted"];
    expect(Object.keys(refused).filter((code) => !codes.includes(code))).toEqual([]);
    const { canary, rssGrowth } = run.records.at(-1) ?? {};
    expect(canary?.slowestCallMs).toBeLessThan(maxBlockedMs);
    expect(rssGrowth).toBeLessThan(maxElementsGrowth);
  });
});

test("the server rejects a gzip header without an end with INVALID_ARGUMENT", async () => {
  expect(await run.under("gzip header without an end", endlessGzipHeader)).toEqual({ invalid_argument: 2 });
});

describe("after all attacks", () => {
  test("the canary's calls have succeeded, and its streams have received their heartbeats", () => {
    const seconds = run.records.reduce((sum, { durationMs }) => sum + durationMs, 0) / 1_000;
    const calls = run.records.reduce((sum, { canary }) => sum + canary.calls, 0);
    const heartbeats = run.records.reduce((sum, { canary }) => sum + canary.heartbeats, 0);
    expect(calls).toBeGreaterThan((seconds * canaryCallsPerSecond) / 2);
    expect(heartbeats / canaryStreams).toBeGreaterThan(seconds / 2);
  });

  test("the server's log contains no error", async () => {
    expect(await run.loggedErrors()).toEqual([]);
  });

  test("the RSS of the server has stayed below the limit", () => {
    expect(run.records.filter(({ peakRss }) => peakRss > maxRss)).toEqual([]);
  });

  test("the server frees the resources of the attacks to within 10 % in 30 s", async () => {
    const after = await settledResources();
    process.stdout.write(resourceTable(before, after));
    expect(after.pollutedKeys).toBe(0);
    expect(excessResources(after)).toEqual([]);
  });
});

/** Returns the duration of the slowest canary call during the newest attack, in milliseconds. */
function slowestCanaryCall(): number {
  return run.records.at(-1)?.canary.slowestCallMs ?? Number.POSITIVE_INFINITY;
}

/** Measures the server's resources until they are no more than before, or until the time is up. */
async function settledResources(): Promise<ServerResources> {
  const until = performance.now() + recoveryMs;
  for (;;) {
    const resources = await run.resources();
    const done =
      before === undefined ? resources.calls === resources.watchers : excessResources(resources).length === 0;
    if (done || performance.now() > until) return resources;
    await wait(canaryIdleMs);
  }
}

/** Returns the names of the resources that exceed the measurement before the attacks. */
function excessResources(after: ServerResources): string[] {
  const names = ["memory", "rss", "fileDescriptors", "sockets", "sessions", "calls", "watchers"] as const;
  const slack = (name: keyof ServerResources) => Math.max(before[name] * tolerance, name === "rss" ? rssSlack : 0);
  return names.filter((name) => after[name] > before[name] + slack(name));
}

function answered(outcome: Outcome): number {
  return (outcome["HTTP 200"] ?? 0) + (outcome.ok ?? 0);
}

function stillOpen(outcome: Outcome): number {
  return outcome["still open"] ?? 0;
}
