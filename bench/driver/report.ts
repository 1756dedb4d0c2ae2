import type { Peer } from "../peers/peers.ts";
import type { Work } from "../works/work.ts";
import type { Rounds } from "./compare.ts";
import type { Measurement } from "./measurement.ts";
import { median } from "./median.ts";

/** One peer's result of one work. */
export interface Cell extends Measurement {
  /** The factor by which `ours` is better in the same round; absent for `ours`, and if `ours` was not measured. */
  readonly ratio: number | undefined;
}

/** The result of a run of the benchmark. */
export interface Report {
  readonly peers: readonly Peer[];
  readonly rows: readonly Row[];
}

/** All peers' results of one work; none for a peer that has none. */
export interface Row {
  readonly work: Work;
  readonly cells: ReadonlyMap<Peer, Cell>;
}

/** Sums up the rounds of a work: medians of all figures, and of the ratios of each round. */
export function toRow(work: Work, rounds: Rounds): Row {
  const ours = [...rounds].find(([peer]) => peer.name === "ours")?.[1];
  const cells = [...rounds].map(([peer, all]): [Peer, Cell] => {
    const ratios =
      ours === undefined || all === ours ? [] : all.flatMap((each, round) => ratioOf(work, ours[round], each));
    return [peer, { ...summary(all), ratio: ratios.length === 0 ? undefined : median(ratios) }];
  });
  return { work, cells: new Map(cells) };
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

/** By processor time if one of the two servers was not the bottleneck. */
function ratioOf({ kind }: Work, ours: Measurement | undefined, other: Measurement): number[] {
  if (ours === undefined) return [];
  if (kind !== "rate") return [other.value / ours.value];
  if (ours.bound === "server" && other.bound === "server") return [ours.value / other.value];
  return ours.cpu === undefined || other.cpu === undefined ? [] : [other.cpu / ours.cpu];
}
