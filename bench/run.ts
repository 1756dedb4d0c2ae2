import { buildGo } from "./driver/build-go.ts";
import { compare } from "./driver/compare.ts";
import { chooseCores } from "./driver/cores.ts";
import { jsonReport } from "./driver/json-report.ts";
import { parseOptions } from "./driver/options.ts";
import { fullPace, quickPace } from "./driver/pace.ts";
import { type Row, toRow } from "./driver/report.ts";
import { tableReport } from "./driver/table-report.ts";

// Builds the peers and the load client, measures, and prints one table, or with --json one object.

const options = parseOptions(process.argv.slice(2));
const { peers } = options;

say("building the load client and the peers");
const problem = buildGo();
if (problem !== undefined) say(`${problem}; what needs Go is left out, and a load client in Node stands in elsewhere`);
const cores = chooseCores();
if (cores.kind === "free") say(`server and load client share their cores, because ${cores.because}`);

const pace = options.quick ? quickPace : fullPace;
const rows: Row[] = [];
for (const work of options.works) {
  say(`measuring ${work.name}`);
  rows.push(toRow(work, await compare(work, { peers, pace, cores, go: problem === undefined, say })));
}
const report = { peers, rows };
process.stdout.write(options.json ? `${JSON.stringify(jsonReport(report))}\n` : `${tableReport(report)}\n`);

/** Standard output is for the result. */
function say(what: string): void {
  process.stderr.write(`bench: ${what}\n`);
}
