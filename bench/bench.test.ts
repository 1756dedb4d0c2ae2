import { expect, test } from "vitest";
import { type CompareOptions, compare } from "./driver/compare.ts";
import { jsonReport } from "./driver/json-report.ts";
import { toRow } from "./driver/report.ts";
import { peers as allPeers, type Peer } from "./peers/peers.ts";
import type { Load, Work } from "./works/work.ts";

// The bench without Go, with sizes too small for figures of speed.

const peers = allPeers.filter(({ name }) => ["ours", "connect-node"].includes(name));
const moment = { warm: 0, measure: 50 };
const pace = { sizes: "quick", rounds: 1, longRound: 10_000, first: moment, next: moment } as const;

test.each([
  ["an export", small("export", 50)],
  ["ping-pong", small("pingpong", 2)],
] as const)("%s is measured of peers that run on Node", async (_name, work) => {
  const printed: string[] = [];
  const rounds = await compare(work, optionsFor(peers, printed));

  const report = jsonReport({ peers, rows: [toRow(work, rounds)] });
  expect(printed).toEqual([]);
  const figures = Object.fromEntries(peers.map(({ name }) => [name, expect.any(Number)]));
  expect(report).toEqual({ [work.name]: figures, cpu: { [work.name]: expect.anything() } });
});

test("a peer that cannot be started has no figures, and the others have theirs", async () => {
  const printed: string[] = [];
  const work = small("unary", 1);
  const missing = { name: "missing", language: "typescript", watch: "plain" } as unknown as Peer;
  const raw = allPeers.filter(({ name }) => name === "raw");
  const rounds = await compare(work, optionsFor([missing, ...raw], printed));

  expect(printed).toEqual(["unary: missing could not be measured: missing has ended"]);
  expect(jsonReport({ peers: [missing, ...raw], rows: [toRow(work, rounds)] })).toMatchObject({
    unary: { missing: null, raw: expect.any(Number) },
  });
});

test("works that need the load client in Go are left out without Go", async () => {
  const work: Work = { ...small("fanout", 1), load: { ...loadOf("fanout", 1), standIn: false } };
  const rounds = await compare(work, optionsFor(peers, []));

  expect(jsonReport({ peers: peers.slice(0, 1), rows: [toRow(work, rounds)] })).toEqual({
    fanout: { ours: null },
    cpu: { fanout: { ours: null } },
  });
});

test("what only some peers have is not asked of the others", async () => {
  const others = allPeers.filter(({ name }) => name === "raw");
  const printed: string[] = [];
  const work: Work = { ...small("unary", 1), load: { ...loadOf("unary", 1), servedBy: ["ours"] } };
  const rounds = await compare(work, optionsFor(others, printed));

  expect(printed).toEqual([]);
  expect(jsonReport({ peers: others, rows: [toRow(work, rounds)] })).toMatchObject({ unary: { raw: null } });
});

function optionsFor(chosen: readonly Peer[], printed: string[]): CompareOptions {
  const cores = { kind: "free", because: "a test is not to be pinned" } as const;
  return { peers: chosen, pace, cores, go: false, print: (text) => void printed.push(text) };
}

function small(name: string, size: number): Work {
  return { name, kind: "rate", unit: "operations", load: loadOf(name, size) };
}

function loadOf(work: string, size: number): Load & { client: "load" } {
  return { client: "load", work, size: { full: size, quick: size }, standIn: true };
}
