import { clients } from "./clients.ts";
import { type Outcomes, runClient } from "./run-client.ts";
import { buildDescriptors } from "./toolchains.ts";

// Runs the clients of every language, each with separate servers, and prints their results. The arguments select
// clients by the start of their names. Without arguments, all clients run.

/** The number of concurrent clients. A client waits most of the time, and the machine may have only two cores. */
const clientsAtOnce = 2;

const wanted = process.argv.slice(2);
const chosen = clients.filter(({ name }) => wanted.length === 0 || wanted.some((start) => name.startsWith(start)));
if (chosen.length === 0) {
  process.stderr.write(`unknown client; choose from ${clients.map(({ name }) => name).join("; ")}\n`);
  process.exit(2);
}

const environment = { INTEROP_DESCRIPTORS: await buildDescriptors() };
const results = new Map<string, Outcomes>();
const waiting = [...chosen];
await Promise.all(Array.from({ length: clientsAtOnce }, runNext));
process.exitCode = printTable() ? 0 : 1;

async function runNext(): Promise<void> {
  for (let client = waiting.shift(); client !== undefined; client = waiting.shift()) {
    const outcomes = await runClient(client, environment);
    results.set(client.name, outcomes);
    const lines = [...outcomes].map(([name, problem]) =>
      problem === undefined ? `PASS ${name}` : `FAIL ${name}: ${problem}`,
    );
    process.stdout.write(`\n== ${client.name}\n${lines.join("\n")}\n`);
  }
}

/** Returns whether all cases passed. */
function printTable(): boolean {
  const width = Math.max(...chosen.map(({ name }) => name.length));
  const columns = (...[name, ...counts]: string[]) =>
    `${name?.padEnd(width)}${counts.map((count) => count.padStart(8)).join("")}\n`;
  const total = { passed: 0, failed: 0 };
  process.stdout.write(`\n${columns("client", "passed", "failed", "lacks")}`);
  for (const { name, lacks = {} } of chosen) {
    const problems = [...(results.get(name)?.values() ?? [])];
    const failed = problems.filter((problem) => problem !== undefined).length;
    const lacking = Object.keys(lacks).length;
    process.stdout.write(columns(name, String(problems.length - failed), String(failed), String(lacking)));
    total.passed += problems.length - failed;
    total.failed += failed;
  }
  for (const { name, lacks = {} } of chosen) {
    for (const [lacking, reason] of Object.entries(lacks)) {
      process.stdout.write(`${name} skips ${lacking}: ${reason}\n`);
    }
  }
  process.stdout.write(`\n${total.passed} passed, ${total.failed} failed\n`);
  return total.failed === 0;
}
