import { expect, test } from "vitest";
import { type CompareOptions, compare } from "./driver/compare.ts";
import { jsonReport } from "./driver/json-report.ts";
import { toRow } from "./driver/report.ts";
import { peers as allPeers, type Peer } from "./peers/peers.ts";
import type { Load, Workload } from "./workloads/workload.ts";

// Tests the benchmark without Go, with sizes too small for a meaningful result.

const peers = allPeers.filter(({ name }) => ["ours", "connect-node"].includes(name));
const moment = { warm: 0, measure: 50 };
const pace = { sizes: "quick", rounds: 1, longRound: 10_000, first: moment, next: moment } as const;

test.each([
  ["an export", small("export", 50)],
  ["ping-pong", small("pingpong", 2)],
] as const)("the benchmark measures %s of peers that run on Node", async (_name, workload) => {
  const printed: string[] = [];
  const rounds = await compare(workload, optionsFor(peers, printed));

  const report = jsonReport({ peers, rows: [toRow(workload, rounds)] });
  expect(printed).toEqual([]);
  const figures = Object.fromEntries(peers.map(({ name }) => [name, expect.any(Number)]));
  expect(report).toEqual({ [workload.name]: figures, cpu: { [workload.name]: expect.anything() } });
});

test("a peer that does not start has no result, and the other peers have results", async () => {
  const printed: string[] = [];
  const workload = small("unary", 1);
  const missing = { name: "missing", language: "typescript", watch: "plain" } as unknown as Peer;
  const raw = allPeers.filter(({ name }) => name === "raw");
  const rounds = await compare(workload, optionsFor([missing, ...raw], printed));

  expect(printed).toEqual(["unary: missing could not be measured: the peer missing has ended"]);
  expect(jsonReport({ peers: [missing, ...raw], rows: [toRow(workload, rounds)] })).toMatchObject({
    unary: { missing: null, raw: expect.any(Number) },
  });
});

test("workloads that need the load client in Go are skipped if Go is missing", async () => {
  const workload: Workload = { ...small("fanout", 1), load: { ...loadOf("fanout", 1), standIn: false } };
  const rounds = await compare(workload, optionsFor(peers, []));

  expect(jsonReport({ peers: peers.slice(0, 1), rows: [toRow(workload, rounds)] })).toEqual({
    fanout: { ours: null },
    cpu: { fanout: { ours: null } },
  });
});

test("a workload that only some peers support skips the others", async () => {
  const others = allPeers.filter(({ name }) => name === "raw");
  const printed: string[] = [];
  const workload: Workload = { ...small("unary", 1), load: { ...loadOf("unary", 1), servedBy: ["ours"] } };
  const rounds = await compare(workload, optionsFor(others, printed));

  expect(printed).toEqual([]);
  expect(jsonReport({ peers: others, rows: [toRow(workload, rounds)] })).toMatchObject({ unary: { raw: null } });
});

function optionsFor(chosen: readonly Peer[], printed: string[]): CompareOptions {
  const cores = { kind: "free", because: "a test must not be pinned to a core" } as const;
  return { peers: chosen, pace, cores, go: false, print: (text) => void printed.push(text) };
}

function small(name: string, size: number): Workload {
  return { name, kind: "rate", unit: "operations", load: loadOf(name, size) };
}

function loadOf(workload: string, size: number): Load & { client: "load" } {
  return { client: "load", workload, size: { full: size, quick: size }, standIn: true };
}
