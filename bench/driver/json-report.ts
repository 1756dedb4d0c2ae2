import type { Cell, Report } from "./report.ts";

type Row = Record<string, number | null>;
type Figures = Record<string, Row>;

/**
 * One object: work to peer to figure, null if a peer has none; under `cpu` the same with the server's processor time
 * for an operation, in microseconds. For works with a fixed pace, `delivered` has the delivered share of the due
 * messages.
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
