import { expect, test } from "vitest";
import { peers } from "../peers/peers.ts";
import type { Workload } from "../workloads/workload.ts";
import { jsonReport } from "./json-report.ts";
import type { Measurement } from "./measurement.ts";
import { toRow } from "./report.ts";
import { tableReport } from "./table-report.ts";

const [ours, other] = peers.filter(({ name }) => name === "ours" || name === "grpc-go") as [
  (typeof peers)[number],
  (typeof peers)[number],
];
const rate: Workload = { name: "export", kind: "rate", unit: "messages" };
const memory: Workload = { name: "idle-kb", kind: "memory", unit: "KB" };

test("a cell has the medians of its rounds, and the median of the ratios of each round", () => {
  const row = toRow(
    rate,
    new Map([
      [ours, [measured(100, 10), measured(400, 2), measured(200, 5)]],
      [other, [measured(50, 20), measured(100, 10), measured(100, 10)]],
    ]),
  );
  expect(row.cells.get(ours)).toEqual({ value: 200, cpu: 5, bound: "server", ratio: undefined });
  expect(row.cells.get(other)).toEqual({ value: 100, cpu: 10, bound: "server", ratio: 2 });
});

test("the report compares processor time and marks the cell if the load client is the bottleneck", () => {
  const row = toRow(
    rate,
    new Map([
      [ours, [{ ...measured(3_000_000, 0.1), bound: "client" }]],
      [other, [measured(1_000_000, 1)]],
    ]),
  );
  expect(row.cells.get(other)?.ratio).toBeCloseTo(10);
  expect(tableReport({ peers: [ours, other], rows: [row] })).toContain(
    "| export, messages/s | 3.00M* · 0.100 µs | 1.00M · 1.00 µs · 10.00x |",
  );
});

test("the report compares processor time and marks the cell if other programs used the server's core", () => {
  const row = toRow(
    rate,
    new Map([
      [ours, [measured(300, 10)]],
      [other, [{ ...measured(10, 20), bound: "machine" }]],
    ]),
  );
  expect(row.cells.get(other)?.ratio).toBe(2);
  expect(tableReport({ peers: [ours, other], rows: [row] })).toContain("| 10.0~ · 20.0 µs · 2.00x |");
});

test("less is better for memory and delay", () => {
  const row = toRow(
    memory,
    new Map([
      [ours, [{ value: 10, cpu: undefined, bound: "server" }]],
      [other, [{ value: 30, cpu: undefined, bound: "server" }]],
    ]),
  );
  expect(row.cells.get(other)?.ratio).toBe(3);
});

test("the cell of a workload with a fixed rate is marked if the server fell behind in the worst round", () => {
  const paced: Workload = { name: "market-p99-ms", kind: "delay", unit: "ms" };
  const rounds = [1, 0.9, 0.999].map((delivered) => ({ ...measured(12, 2), delivered }));
  const row = toRow(paced, new Map([[ours, rounds]]));
  expect(tableReport({ peers: [ours], rows: [row] })).toContain("| market-p99-ms | 12.0! · 90.0 % · 2.00 µs |");
  expect(jsonReport({ peers: [ours], rows: [row, toRow(rate, new Map())] })).toMatchObject({
    "market-p99-ms": { ours: 12 },
    delivered: { "market-p99-ms": { ours: 0.9 } },
  });
});

test("messages in flight at the end do not count as missing", () => {
  const paced: Workload = { name: "market-p99-ms", kind: "delay", unit: "ms" };
  const row = toRow(paced, new Map([[ours, [{ ...measured(12, 2), delivered: 0.99 }]]]));
  expect(tableReport({ peers: [ours], rows: [row] })).toContain("| 12.0 · 99.0 % · 2.00 µs |");
});

test("a duration has its unit, and a ratio has two digits", () => {
  const rows = [
    toRow({ name: "reconnect", kind: "time", unit: "s" }, new Map([[ours, [measured(1.234, 20)]]])),
    toRow({ name: "stalled", kind: "slowdown", unit: "times" }, new Map([[ours, [measured(1.056, 20)]]])),
  ];
  const table = tableReport({ peers: [ours], rows });
  expect(table).toContain("| reconnect, s | 1.23 · 20.0 µs |");
  expect(table).toContain("| stalled      | 1.06 · 20.0 µs |");
});

test("the JSON has null if a peer has no result", () => {
  const row = toRow(rate, new Map([[ours, [measured(123_456, 8.1)]]]));
  expect(jsonReport({ peers: [ours, other], rows: [row] })).toEqual({
    export: { ours: 123_500, "grpc-go": null },
    cpu: { export: { ours: 8.1, "grpc-go": null } },
  });
});

function measured(value: number, cpu: number): Measurement {
  return { value, cpu, bound: "server" };
}
