import type { Work } from "../works/work.ts";
import type { Bound } from "./measurement.ts";
import type { Cell, Report, Row } from "./report.ts";

/** The report as a table in Markdown, with what its cells mean below it. */
export function tableReport({ peers, rows }: Report): string {
  const lines = [
    ["work", ...peers.map(({ name }) => name)],
    ...rows.map((row) => [nameOf(row), ...peers.map((peer) => cellText(row, row.cells.get(peer)))]),
  ];
  const widths = lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0))) ?? [];
  const text = (line: readonly string[]) =>
    `| ${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const [head = [], ...body] = lines;
  return [text(head), text(widths.map((width) => "-".repeat(width))), ...body.map(text), "", legend].join("\n");
}

const marks: Record<Bound, string> = { server: "", client: "*", machine: "~" };

/**
 * The share of the due messages below which the server was too slow. Messages in flight at the end are a smaller share.
 */
const keptUp = 0.98;
const lateMark = "!";

const legend = `Each cell: what the peer does a second, the processor time of its server for each (µs), and how many times better ours
is. Marked: in a round at least, something kept the server from doing more, and the ratio compares processor time;
* the load client was at its own ceiling, ~ other programs had the server's core for much of the time.
market-p99-ms shows the share of the messages due that was delivered; ! the server fell behind in at least one round.
idle-kb is memory for each open, quiet stream, stalled-kb for each subscriber that has stopped reading, delay-p99-ms and
market-p99-ms are the time from publishing to receipt, stalled-p99-ratio is how many times longer it gets with such a
subscriber, reconnect-5000 the time until all have caught up: less is better.`;

function nameOf({ work }: Row): string {
  if (work.kind === "rate") return `${work.name}, ${work.unit}/s`;
  return work.kind === "time" ? `${work.name}, ${work.unit}` : work.name;
}

function cellText({ work }: Row, cell: Cell | undefined): string {
  if (cell === undefined) return "–";
  const value = valueText(work, cell);
  const cpu = cell.cpu === undefined ? "" : ` · ${cell.cpu.toPrecision(3)} µs`;
  const ratio = cell.ratio === undefined ? "" : ` · ${cell.ratio.toFixed(2)}x`;
  return value + marks[cell.bound] + deliveredText(cell) + cpu + ratio;
}

function valueText({ kind }: Work, { value }: Cell): string {
  if (kind === "rate") return short(value);
  return value.toFixed(kind === "slowdown" || kind === "time" ? 2 : 1);
}

function deliveredText({ delivered }: Cell): string {
  if (delivered === undefined) return "";
  return `${delivered < keptUp ? lateMark : ""} · ${(100 * delivered).toFixed(1)} %`;
}

/** Three digits, and a unit where it shortens them. */
function short(value: number): string {
  if (value >= 1e6) return `${(value / 1e6).toPrecision(3)}M`;
  if (value >= 1e3) return `${Number((value / 1e3).toPrecision(3))}k`;
  return value.toPrecision(3);
}
