import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { benchFolder, builtFolder, projectFolder } from "./folders.ts";

const plugins = [
  "google.golang.org/protobuf/cmd/protoc-gen-go",
  "google.golang.org/grpc/cmd/protoc-gen-go-grpc",
  "connectrpc.com/connect/cmd/protoc-gen-connect-go",
];
const programs = ["./load", "./peers/grpc-go", "./peers/connect-go"];

/** Builds the load client and the peers in Go. Returns the reason if the build fails. */
export function buildGo(): string | undefined {
  if (spawnSync("go", ["version"]).status !== 0) return "Go is missing: install it from https://go.dev/dl";
  mkdirSync(builtFolder, { recursive: true });
  try {
    build(plugins);
    generate();
    build(programs);
    return undefined;
  } catch (error) {
    return `building the Go programs failed: ${error instanceof Error ? error.message : error}`;
  }
}

function build(packages: readonly string[]): void {
  run("go", ["build", "-C", benchFolder, "-o", `${builtFolder}/`, ...packages]);
}

function generate(): void {
  const buf = join(projectFolder, "node_modules/@bufbuild/buf/bin/buf");
  const protos = [
    "bench/proto/bench",
    "proto/bourse/order/v1",
    "proto/bourse/quote/v1/quote.proto",
    "proto/buf/validate/validate.proto",
  ];
  const paths = protos.flatMap((path) => ["--path", path]);
  run(process.execPath, [buf, "generate", "--template", "bench/buf.gen.yaml", ...paths]);
  if (!existsSync(join(benchFolder, "gen/bench/v1"))) throw new Error("buf generated no code from the protos");
}

function run(command: string, args: readonly string[]): void {
  // Standard output is reserved for the report.
  execFileSync(command, args, { cwd: projectFolder, stdio: ["ignore", process.stderr, process.stderr] });
}
