import type { AttackRecord, ServerResources } from "./attack-run.ts";
import type { Outcome } from "./target.ts";

/** Formats the attacks as a table with a line for each. */
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

/** Formats the resources of the server before and after all attacks. */
export function resourceTable(before: ServerResources, after: ServerResources): string {
  const row = (name: string, value: (resources: ServerResources) => string) => [name, value(before), value(after)];
  return table([
    ["resource", "before", "after"],
    row("memory after garbage collection", ({ memory }) => megabytes(memory)),
    row("RSS", ({ rss }) => megabytes(rss)),
    row("file descriptors", ({ fileDescriptors }) => String(fileDescriptors)),
    row("sockets", ({ sockets }) => String(sockets)),
    row("HTTP/2 sessions", ({ sessions }) => String(sessions)),
    row("running handlers", ({ calls }) => String(calls)),
    row("quote streams", ({ watchers }) => String(watchers)),
  ]);
}

/** Formats an outcome, for example `3 ok, 1 internal`. */
export function formatOutcome(outcome: Outcome): string {
  return Object.entries(outcome)
    .map(([ending, count]) => `${count} ${ending}`)
    .join(", ");
}

/** Formats rows as lines with aligned columns. The first row is the header. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const line = (row: readonly string[]) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ");
  return `\n${rows.map((row) => line(row).trimEnd()).join("\n")}\n`;
}

/** Formats a duration, for example `1.25 s`. */
export function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(2)} s`;
}

/** Formats a size, for example `512 MB`. */
export function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1_000_000)} MB`;
}
