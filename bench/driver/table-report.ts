import type { Workload } from "../workloads/workload.ts";
import type { Bound } from "./measurement.ts";
import type { Cell, Report, Row } from "./report.ts";

/** Formats the report as a table in Markdown, followed by a legend. */
export function tableReport({ peers, rows }: Report): string {
  const lines = [
    ["workload", ...peers.map(({ name }) => name)],
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
 * The server fell behind if it delivered less than this share of the due messages. The messages in flight at the end are
 * less than the rest.
 */
const keptUp = 0.98;
const lateMark = "!";

const legend = `Each cell: the rate of the peer, the processor time of its server for each operation (µs), and the factor by which
ours is better. A mark means that the server was not the bottleneck in at least one round, and that the factor compares
processor time: * the load client was the bottleneck, ~ other programs used the server's core for much of the time.
market-p99-ms also shows the share of the due messages that was delivered; ! the server fell behind in at least one
round. Less is better: idle-kb is the memory of each idle stream, stalled-kb that of each stalled subscriber,
delay-p99-ms and market-p99-ms are the time from publishing to receipt, stalled-p99-ratio is the factor by which it
increases with a stalled subscriber, and reconnect-5000 is the time until all clients have caught up.`;

function nameOf({ workload }: Row): string {
  if (workload.kind === "rate") return `${workload.name}, ${workload.unit}/s`;
  return workload.kind === "time" ? `${workload.name}, ${workload.unit}` : workload.name;
}

function cellText({ workload }: Row, cell: Cell | undefined): string {
  if (cell === undefined) return "–";
  const value = valueText(workload, cell);
  const cpu = cell.cpu === undefined ? "" : ` · ${cell.cpu.toPrecision(3)} µs`;
  const ratio = cell.ratio === undefined ? "" : ` · ${cell.ratio.toFixed(2)}x`;
  return value + marks[cell.bound] + deliveredText(cell) + cpu + ratio;
}

function valueText({ kind }: Workload, { value }: Cell): string {
  if (kind === "rate") return short(value);
  return value.toFixed(kind === "slowdown" || kind === "time" ? 2 : 1);
}

function deliveredText({ delivered }: Cell): string {
  if (delivered === undefined) return "";
  return `${delivered < keptUp ? lateMark : ""} · ${(100 * delivered).toFixed(1)} %`;
}

/** Formats a number with three digits, and with the suffix M or k if it is large. */
function short(value: number): string {
  if (value >= 1e6) return `${(value / 1e6).toPrecision(3)}M`;
  if (value >= 1e3) return `${Number((value / 1e3).toPrecision(3))}k`;
  return value.toPrecision(3);
}
