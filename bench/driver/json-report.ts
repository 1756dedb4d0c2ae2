import type { Cell, Report } from "./report.ts";

type Figures = Record<string, Record<string, number | null>>;

/**
 * One object: work to peer to figure, null where a peer has none; and under `cpu` the same with microseconds of the
 * server's processor time for an operation.
 */
export function jsonReport(report: Report): Figures | Record<"cpu", Figures> {
  return {
    ...figures(report, ({ value }) => value),
    cpu: figures(report, ({ cpu }) => cpu),
  };
}

function figures({ peers, rows }: Report, figure: (cell: Cell) => number | undefined): Figures {
  return Object.fromEntries(
    rows.map(({ work, cells }) => {
      const ofPeer = peers.map((peer) => [peer.name, rounded(cells.get(peer), figure)] as const);
      return [work.name, Object.fromEntries(ofPeer)];
    }),
  );
}

function rounded(cell: Cell | undefined, figure: (cell: Cell) => number | undefined): number | null {
  const value = cell && figure(cell);
  return value === undefined || Number.isNaN(value) ? null : Number(value.toPrecision(4));
}
