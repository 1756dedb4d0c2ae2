import type { AttackRecord, Holdings } from "./attack-run.ts";
import type { Outcome } from "./target.ts";

/** The attacks as a table, a line each. */
export function attackTable(records: readonly AttackRecord[]): string {
  return table([
    ["attack", "took", "peak RSS", "peak fds", "CPU", "canary: calls", "slowest", "idle", "quotes", "outcome"],
    ...records.map(({ name, outcome, durationMs, peakRss, peakFileDescriptors, cpuMs, canary }) => [
      name,
      seconds(durationMs),
      megabytes(peakRss),
      String(peakFileDescriptors),
      seconds(cpuMs),
      String(canary.calls),
      seconds(canary.slowestCallMs),
      seconds(canary.longestIdleMs),
      String(canary.quotes),
      formatOutcome(outcome),
    ]),
  ]);
}

/** What the server held before all attacks and after. */
export function holdingsTable(before: Holdings, after: Holdings): string {
  const row = (name: string, value: (holdings: Holdings) => string) => [name, value(before), value(after)];
  return table([
    ["the server holds", "before", "after"],
    row("memory after garbage collection", ({ memory }) => megabytes(memory)),
    row("RSS", ({ rss }) => megabytes(rss)),
    row("file descriptors", ({ fileDescriptors }) => String(fileDescriptors)),
    row("sockets", ({ sockets }) => String(sockets)),
    row("HTTP/2 sessions", ({ sessions }) => String(sessions)),
    row("running handlers", ({ calls }) => String(calls)),
    row("quote streams", ({ watchers }) => String(watchers)),
  ]);
}

/** An outcome as text, as in `3 ok, 1 internal`. */
export function formatOutcome(outcome: Outcome): string {
  return Object.entries(outcome)
    .map(([ending, count]) => `${count} ${ending}`)
    .join(", ");
}

/** Rows as lines with aligned columns; the first is the header. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const line = (row: readonly string[]) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ");
  return `\n${rows.map((row) => line(row).trimEnd()).join("\n")}\n`;
}

/** As in `1.25 s`. */
export function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(2)} s`;
}

/** As in `512 MB`. */
export function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1_000_000)} MB`;
}
