import { formatOutcome, megabytes, seconds, table } from "../report.ts";
import type { CaseRecord } from "./case-record.ts";

const worst = 15;

/** Formats the number of cases, and the worst cases by blocked time, by memory and by duration. */
export function generatorReport(records: readonly CaseRecord[], seed: number): string {
  const singles = records.filter(({ times }) => times === 1).length;
  const methods = new Set(records.map(({ case: { method } }) => `${method.parent.typeName}/${method.name}`)).size;
  const summary = `${singles} cases and ${records.length - singles} bursts of ${methods} methods, seed ${seed}`;
  return [
    `\n${summary}\n`,
    worstTable("blocked longest", records, ({ blockedMs }) => blockedMs),
    worstTable("most memory", records, ({ peakRss }) => peakRss),
    worstTable("took longest", records, ({ durationMs }) => durationMs),
  ].join("");
}

function worstTable(title: string, records: readonly CaseRecord[], by: (record: CaseRecord) => number): string {
  const rows = records.toSorted((one, other) => by(other) - by(one)).slice(0, worst);
  return table([
    [title, "at once", "blocked", "peak RSS", "took", "largest error", "outcome"],
    ...rows.map((record) => [
      record.case.name,
      String(record.times),
      seconds(record.blockedMs),
      megabytes(record.peakRss),
      seconds(record.durationMs),
      `${record.errorBytes} B`,
      formatOutcome(record.outcome) + (record.ending === undefined ? "" : `, server: ${record.ending}`),
    ]),
  ]);
}
