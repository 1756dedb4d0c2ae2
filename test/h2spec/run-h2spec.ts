import { execFile, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startBourse } from "../start-bourse.ts";
import { startBareServer } from "./bare-server.ts";
import { type H2specCase, readReport } from "./h2spec-report.ts";
import { intendedDifferences } from "./intended-differences.ts";

// Runs h2spec --strict against Bourse and against a bare HTTP/2 server of Node, and fails for each case that only
// Bourse fails. go.mod pins the module: v2.2.1 is the newest version that Go can install, because the module path of
// later tags lacks the suffix /v2 (https://go.dev/ref/mod#major-version-suffixes).

const cache = fileURLToPath(new URL("../../.cache/h2spec/", import.meta.url));
const program = join(cache, "h2spec");
const installGo = "h2spec is a Go program: install the current version of Go from https://go.dev/dl";

/** The time for which h2spec waits for a frame before it fails a case. */
const caseSeconds = 2;

/** The number of retries of a failed case, because a response can be too late on a busy machine. */
const retries = 2;

const runLimitMs = 5 * 60_000;

process.exitCode = build() ? await main() : 1;

function build(): boolean {
  mkdirSync(cache, { recursive: true });
  const args = ["build", "-modcacherw", "-buildvcs=false", "-o", program, "github.com/summerwind/h2spec/cmd/h2spec"];
  const { status, error } = spawnSync("go", args, { cwd: import.meta.dirname, stdio: "inherit" });
  if (error !== undefined) process.stderr.write(`${error.message}: ${installGo}\n`);
  return status === 0;
}

async function main(): Promise<number> {
  await using bourse = await startBourse();
  await using bare = await startBareServer();
  const [ours, bares] = await Promise.all([bourse, bare].map(({ url }) => h2spec(url)));
  const passedBare = new Set(bares?.filter(isPassed).map(({ name }) => name));
  let differences = (ours ?? []).filter((each) => each.outcome === "failed" && passedBare.has(each.name));
  for (let left = retries; left > 0 && differences.some(isUnexpected); left--) {
    const sections = new Set(differences.filter(isUnexpected).map(({ section }) => section));
    const again = await h2spec(bourse.url, [...sections]);
    const passed = new Set(again.filter(isPassed).map(({ name }) => name));
    differences = differences.filter(({ name }) => !passed.has(name));
  }
  print("Bourse", ours ?? []);
  print("bare Node", bares ?? []);
  for (const { name } of differences.filter((each) => !isUnexpected(each))) {
    console.log(`\nfails as intended: ${name}\n  ${intendedDifferences[name]}`);
  }
  const unexpected = differences.filter(isUnexpected);
  for (const { name, detail } of unexpected) {
    console.log(
      `\nFAIL ${name}\n  bare Node passes this case; the result of Bourse:\n  ${detail.replaceAll("\n", "\n  ")}`,
    );
  }
  const gone = bourse.process.exitCode ?? bourse.process.signalCode;
  if (gone !== null) console.log(`\nFAIL the server has ended with ${gone}`);
  console.log(`\n${unexpected.length} cases fail that bare Node passes`);
  return unexpected.length === 0 && gone === null ? 0 : 1;
}

function h2spec(url: string, sections: readonly string[] = []): Promise<H2specCase[]> {
  const { hostname, port } = new URL(url);
  const folder = mkdtempSync(join(cache, "report-"));
  const report = join(folder, "report.xml");
  const server = ["--host", hostname, "--port", port];
  const args = ["--strict", ...server, "--timeout", String(caseSeconds), "--junit-report", report, ...sections];
  return new Promise((resolve, reject) => {
    // The exit code only reports that a case has failed. The report has the details.
    execFile(program, args, { timeout: runLimitMs, maxBuffer: 64 * 1024 * 1024 }, (error, _stdout, stderr) => {
      try {
        resolve(readReport(readFileSync(report, "utf8")));
      } catch (problem) {
        reject(new Error(`h2spec wrote no report: ${error?.message} ${stderr}`, { cause: problem }));
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  });
}

function isPassed({ outcome }: H2specCase): boolean {
  return outcome === "passed";
}

function isUnexpected({ name }: H2specCase): boolean {
  return !Object.hasOwn(intendedDifferences, name);
}

function print(server: string, cases: readonly H2specCase[]): void {
  const count = (outcome: H2specCase["outcome"]) => cases.filter((each) => each.outcome === outcome).length;
  const figures = `${count("passed")} passed, ${count("failed")} failed, ${count("skipped")} skipped`;
  console.log(`${server.padEnd(10)} ${cases.length} cases: ${figures}`);
}
