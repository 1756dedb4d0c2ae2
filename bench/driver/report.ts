import type { Peer } from "../peers/peers.ts";
import type { Workload } from "../workloads/workload.ts";
import type { Rounds } from "./compare.ts";
import type { Measurement } from "./measurement.ts";
import { median } from "./median.ts";

/** The result of one workload of one peer. */
export interface Cell extends Measurement {
  /** The factor by which `ours` is better in the same round. Absent for `ours`, and if `ours` was not measured. */
  readonly ratio: number | undefined;
}

/** The result of a run of the benchmark. */
export interface Report {
  readonly peers: readonly Peer[];
  readonly rows: readonly Row[];
}

/** The results of all peers for one workload. A peer without a result has no entry. */
export interface Row {
  readonly workload: Workload;
  readonly cells: ReadonlyMap<Peer, Cell>;
}

/** Combines the rounds of a workload into the medians of the results and of the ratios in each round. */
export function toRow(workload: Workload, rounds: Rounds): Row {
  const ours = [...rounds].find(([peer]) => peer.name === "ours")?.[1];
  const cells = [...rounds].map(([peer, all]): [Peer, Cell] => {
    const ratios =
      ours === undefined || all === ours ? [] : all.flatMap((each, round) => ratioOf(workload, ours[round], each));
    return [peer, { ...summary(all), ratio: ratios.length === 0 ? undefined : median(ratios) }];
  });
  return { workload, cells: new Map(cells) };
}

function summary(all: readonly Measurement[]): Measurement {
  const cpu = all.flatMap((each) => each.cpu ?? []);
  const delivered = all.flatMap((each) => each.delivered ?? []);
  return {
    value: median(all.map(({ value }) => value)),
    cpu: cpu.length === 0 ? undefined : median(cpu),
    ...(delivered.length > 0 && { delivered: Math.min(...delivered) }),
    bound: all.find(({ bound }) => bound !== "server")?.bound ?? "server",
  };
}

/** Compares by processor time if one of the two servers was not the bottleneck. */
function ratioOf({ kind }: Workload, ours: Measurement | undefined, other: Measurement): number[] {
  if (ours === undefined) return [];
  if (kind !== "rate") return [other.value / ours.value];
  if (ours.bound === "server" && other.bound === "server") return [ours.value / other.value];
  return ours.cpu === undefined || other.cpu === undefined ? [] : [other.cpu / ours.cpu];
}
