import type { Cell, Report } from "./report.ts";

type Row = Record<string, number | null>;
type Figures = Record<string, Row>;

/**
 * Returns one object that maps a workload to a peer to a result, which is null if a peer has none. `cpu` has the same
 * structure with the server's processor time for an operation, in microseconds. `delivered` has the share of the due
 * messages that was delivered, for workloads with a fixed rate.
 */
export function jsonReport(report: Report): Record<string, Row | Figures> {
  const rows = report.rows.filter(({ cells }) => [...cells.values()].some(({ delivered }) => delivered !== undefined));
  return {
    ...figures(report, ({ value }) => value),
    cpu: figures(report, ({ cpu }) => cpu),
    ...(rows.length > 0 && { delivered: figures({ ...report, rows }, ({ delivered }) => delivered) }),
  };
}

function figures({ peers, rows }: Report, figure: (cell: Cell) => number | undefined): Figures {
  return Object.fromEntries(
    rows.map(({ workload, cells }) => {
      const ofPeer = peers.map((peer) => [peer.name, rounded(cells.get(peer), figure)] as const);
      return [workload.name, Object.fromEntries(ofPeer)];
    }),
  );
}

function rounded(cell: Cell | undefined, figure: (cell: Cell) => number | undefined): number | null {
  const value = cell && figure(cell);
  return value === undefined || Number.isNaN(value) ? null : Number(value.toPrecision(4));
}
