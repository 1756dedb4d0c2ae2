import type { SoakReport } from "./soak-report.ts";

/** All measurements at one point in time. */
export interface SoakRow {
  /** The clients' report since their start. */
  readonly seconds: number;
  /** The RSS of the server, in bytes. */
  readonly rss: number;
  /** The heap and the buffers of the server's V8 with garbage, in bytes. */
  readonly heap: number;
  /** The processor time of the server, in milliseconds. */
  readonly cpuMs: number;
  readonly report: SoakReport;
}

/** Formats a column from a row and the previous row. */
type Figure = (row: SoakRow, before: SoakRow) => number;

const columns: Readonly<Record<string, Figure>> = {
  "RSS MB": ({ rss }) => rss / 1e6,
  "heap MB": ({ heap }) => heap / 1e6,
  "CPU %": (row, before) => (row.cpuMs - before.cpuMs) / 10 / (row.seconds - before.seconds),
  watching: ({ report }) => report.subscribers,
  "quotes/s": (row, before) => (row.report.quotes - before.report.quotes) / (row.seconds - before.seconds),
  skipped: ({ report }) => report.skipped,
  reconnects: ({ report }) => report.reconnects,
  calls: ({ report }) => report.calls,
  uploads: ({ report }) => report.uploads,
  exports: ({ report }) => report.exports,
  gaps: ({ report }) => report.gaps,
  "lag ms": ({ report }) => report.lagMs,
};

export const tableHead = lineOf("minute", Object.keys(columns));

/** Formats a row as a line of text. */
export function tableLine(row: SoakRow, before: SoakRow): string {
  const figures = Object.values(columns).map((figure) => Math.round(figure(row, before)).toLocaleString("en"));
  return lineOf((row.seconds / 60).toFixed(1), figures);
}

function lineOf(minute: string, cells: readonly string[]): string {
  return minute.padStart(6) + cells.map((cell) => cell.padStart(11)).join("");
}
