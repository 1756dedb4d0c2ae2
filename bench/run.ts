import { buildGo } from "./driver/build-go.ts";
import { compare } from "./driver/compare.ts";
import { chooseCores } from "./driver/cores.ts";
import { jsonReport } from "./driver/json-report.ts";
import { parseOptions } from "./driver/options.ts";
import { fullPace, quickPace } from "./driver/pace.ts";
import { type Row, toRow } from "./driver/report.ts";
import { tableReport } from "./driver/table-report.ts";

// Builds the peers and the load client, runs the workloads, and prints a table, or a JSON object with --json.

const options = parseOptions(process.argv.slice(2));
const { peers } = options;

print("building the load client and the peers");
const problem = buildGo();
if (problem !== undefined)
  print(`${problem}; workloads that need Go are skipped, and the others use the load client in Node`);
const cores = chooseCores();
if (cores.kind === "free") print(`server and load client share their cores, because ${cores.because}`);

const pace = options.quick ? quickPace : fullPace;
const rows: Row[] = [];
for (const workload of options.workloads) {
  print(`measuring ${workload.name}`);
  rows.push(toRow(workload, await compare(workload, { peers, pace, cores, go: problem === undefined, print })));
}
const report = { peers, rows };
process.stdout.write(options.json ? `${JSON.stringify(jsonReport(report))}\n` : `${tableReport(report)}\n`);

/** Prints to standard error, because standard output is reserved for the report. */
function print(text: string): void {
  process.stderr.write(`bench: ${text}\n`);
}
