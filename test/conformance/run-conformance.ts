import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The suite's newest version whose dependencies the module proxy has. */
const version = "v1.0.6";
const suite = "connectrpc.com/conformance";

const root = fileURLToPath(new URL("../..", import.meta.url));
const goBin = join(root, ".cache/bin");

process.exitCode = main();

/** Runs the official conformance suite against a server that serves its service through the transport. */
function main(): number {
  if (spawnSync("go", ["version"]).status !== 0) {
    process.stderr.write(
      "the conformance suite is a Go program, and Go is missing: install it from https://go.dev/dl\n",
    );
    return 1;
  }
  print(`installing the conformance suite ${version}`);
  run("go", ["install", `${suite}/cmd/connectconformance@${version}`]);
  const module = JSON.parse(
    execFileSync("go", ["mod", "download", "-json", `${suite}@${version}`], { encoding: "utf8" }),
  );
  print("generating code from the protos of the suite");
  run(process.execPath, [
    join(root, "node_modules/@bufbuild/buf/bin/buf"),
    "generate",
    join(module.Dir, "proto"),
    "--template",
    "test/conformance/buf.gen.yaml",
  ]);
  run(join(root, "node_modules/.bin/tsc"), ["-p", "test/conformance"]);
  print("running the suite, which takes a few minutes on a small machine");
  const suiteArgs = [
    "--mode",
    "server",
    "--conf",
    "test/conformance/config.yaml",
    "--max-servers",
    "2",
    "--parallel",
    "4",
  ];
  const knownFailing = ["--known-failing", "@test/conformance/known-failing.txt"];
  const server = [process.execPath, "test/conformance/conformance-server.ts"];
  const { status } = spawnSync(join(goBin, "connectconformance"), [...suiteArgs, ...knownFailing, "--", ...server], {
    cwd: root,
    stdio: "inherit",
  });
  return status ?? 1;
}

function run(command: string, args: string[]): void {
  execFileSync(command, args, { cwd: root, stdio: "inherit", env: { ...process.env, GOBIN: goBin } });
}

function print(text: string): void {
  process.stdout.write(`conformance: ${text}\n`);
}
