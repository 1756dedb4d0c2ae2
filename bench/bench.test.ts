import { expect, test } from "vitest";
import { type CompareOptions, compare } from "./driver/compare.ts";
import { jsonReport } from "./driver/json-report.ts";
import { toRow } from "./driver/report.ts";
import { peers as allPeers, type Peer } from "./peers/peers.ts";
import type { Load, Work } from "./works/work.ts";

// The bench without Go, at sizes that say nothing about speed.

const peers = allPeers.filter(({ name }) => ["ours", "connect-node"].includes(name));
const moment = { warm: 0, measure: 50 };
const pace = { sizes: "quick", rounds: 1, longRound: 10_000, first: moment, next: moment } as const;

test.each([
  ["an export", small("export", 50)],
  ["ping-pong", small("pingpong", 2)],
] as const)("%s is measured of peers that run on Node", async (_name, work) => {
  const said: string[] = [];
  const rounds = await compare(work, optionsFor(peers, said));

  const report = jsonReport({ peers, rows: [toRow(work, rounds)] });
  expect(said).toEqual([]);
  const figures = Object.fromEntries(peers.map(({ name }) => [name, expect.any(Number)]));
  expect(report).toEqual({ [work.name]: figures, cpu: { [work.name]: expect.anything() } });
});

test("a peer that cannot be started has no figures, and the others have theirs", async () => {
  const said: string[] = [];
  const work = small("unary", 1);
  const missing = { name: "missing", language: "typescript", watch: "plain" } as unknown as Peer;
  const raw = allPeers.filter(({ name }) => name === "raw");
  const rounds = await compare(work, optionsFor([missing, ...raw], said));

  expect(said).toEqual(["unary: missing could not be measured: missing has ended"]);
  expect(jsonReport({ peers: [missing, ...raw], rows: [toRow(work, rounds)] })).toMatchObject({
    unary: { missing: null, raw: expect.any(Number) },
  });
});

test("what needs the load client in Go is left out where there is no Go", async () => {
  const work: Work = { ...small("fanout", 1), load: { ...loadOf("fanout", 1), standIn: false } };
  const rounds = await compare(work, optionsFor(peers, []));

  expect(jsonReport({ peers: peers.slice(0, 1), rows: [toRow(work, rounds)] })).toEqual({
    fanout: { ours: null },
    cpu: { fanout: { ours: null } },
  });
});

test("what only some peers have is not asked of the others", async () => {
  const others = allPeers.filter(({ name }) => name === "raw");
  const said: string[] = [];
  const work: Work = { ...small("unary", 1), load: { ...loadOf("unary", 1), servedBy: ["ours"] } };
  const rounds = await compare(work, optionsFor(others, said));

  expect(said).toEqual([]);
  expect(jsonReport({ peers: others, rows: [toRow(work, rounds)] })).toMatchObject({ unary: { raw: null } });
});

function optionsFor(chosen: readonly Peer[], said: string[]): CompareOptions {
  const cores = { kind: "free", because: "a test is not to be pinned" } as const;
  return { peers: chosen, pace, cores, go: false, say: (what) => void said.push(what) };
}

function small(name: string, size: number): Work {
  return { name, kind: "rate", unit: "operations", load: loadOf(name, size) };
}

function loadOf(work: string, size: number): Load & { client: "load" } {
  return { client: "load", work, size: { full: size, quick: size }, standIn: true };
}
