import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { BadRequestSchema } from "../../../gen/google/rpc/error_details_pb.ts";

/** The protocols of `buf curl`. */
export const protocols = ["grpc", "grpcweb", "connect"] as const;
export type Protocol = (typeof protocols)[number];

/** The error of a call. */
export interface Problem {
  /** The code, for example `invalid_argument`. `none` if the program failed before the call. */
  readonly code: string;
  readonly message: string;
  /** The field violations of the `google.rpc.BadRequest` detail, as `field: description`. */
  readonly violations: readonly string[];
}

/** The outcome of a call. */
export interface Ended<Response> {
  readonly responses: readonly Response[];
  readonly header: ReadonlyMap<string, readonly string[]>;
  readonly trailer: ReadonlyMap<string, readonly string[]>;
  readonly problem?: Problem;
}

/** An open call, in a separate process. */
export interface Running<Response> {
  /** Sends a request, if the call was started without requests. */
  send(request: object): void;
  closeSend(): void;
  /** Resolves when the program has printed the header with this name. */
  headerSeen(line: string): Promise<void>;
  /** Resolves to the next response. */
  next(): Promise<Response>;
  /** Ends the program with SIGINT, like Ctrl-C. */
  interrupt(): void;
  readonly ended: Promise<Ended<Response>>;
}

const bufFile = join(import.meta.dirname, "../../../node_modules/@bufbuild/buf/bin/buf");

/** Runs `buf curl` with a URL and the schema from reflection. Without requests, `send` sends them one by one. */
export function bufCurl<Response>(
  url: string,
  protocol: Protocol,
  requests?: readonly object[],
  flags: readonly string[] = [],
): Running<Response> {
  const args = ["--protocol", protocol, "--http2-prior-knowledge", "--verbose", ...flags, "--data", "@-", url];
  // A separate process group, because the npm wrapper does not forward signals to the program.
  const child = spawn(process.execPath, [bufFile, "curl", ...args], { detached: true });
  let stdout = "";
  let stderr = "";
  let changed = Promise.withResolvers<void>();
  const notify = () => {
    changed.resolve();
    changed = Promise.withResolvers();
  };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    notify();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    notify();
  });
  child.stdin.on("error", () => {});
  let over = false;
  const ended = once(child, "close").then(() => {
    over = true;
    notify();
    return readEnd<Response>(stdout, stderr);
  });

  async function until(holds: () => boolean, what: string): Promise<void> {
    while (!holds()) {
      if (over) throw new Error(`buf curl ended before it printed ${what}: ${stderr.slice(-300)}`);
      await changed.promise;
    }
  }

  const running: Running<Response> = {
    send: (request) => void child.stdin.write(`${JSON.stringify(request)}\n`),
    closeSend: () => void child.stdin.end(),
    headerSeen: (line) => until(() => stderr.includes(line), line),
    async next() {
      const taken = seen++;
      await until(() => responsesIn(stdout).length > taken, "a response");
      return responsesIn(stdout)[taken] as Response;
    },
    interrupt: () => void process.kill(-(child.pid ?? 0), "SIGINT"),
    ended,
  };
  let seen = 0;
  for (const request of requests ?? []) running.send(request);
  if (requests !== undefined) running.closeSend();
  return running;
}

/** Returns the last response of a successful call. Throws if the call failed. */
export function ok<Response>({ problem, responses }: Ended<Response>): Response {
  const last = responses.at(-1);
  if (problem !== undefined || last === undefined) throw new Error(`the call failed: ${JSON.stringify(problem)}`);
  return last;
}

function readEnd<Response>(stdout: string, stderr: string): Ended<Response> {
  const lines = stderr.split("\n");
  const problemText = lines.filter((line) => !line.startsWith("buf: ")).join("\n");
  const problem = problemText.trim() === "" ? undefined : readProblem(problemText);
  // The first request is reflection, if the call uses it.
  const prefix = stderr.includes("(#2)") ? "buf: < (#2)" : "buf: < (#1)";
  const seen = lines.filter((line) => line.startsWith(prefix)).map((line) => line.slice(prefix.length).trim());
  const end = seen.indexOf("");
  return {
    responses: responsesIn(stdout) as Response[],
    header: readFields(seen.slice(0, end)),
    trailer: readFields(seen.slice(end)),
    ...(problem && { problem }),
  };
}

function responsesIn(stdout: string): unknown[] {
  return [...stdout.matchAll(/^\{(?:\}$|\n[\s\S]*?^\}$)/gm)].map(([json]) => JSON.parse(json));
}

function readProblem(text: string): Problem {
  // The program prints its own errors as plain text.
  if (!text.includes("{")) return { code: "none", message: text.trim(), violations: [] };
  const { code, message, details } = JSON.parse(text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1)) as {
    code: string;
    message: string;
    details?: { type: string; value: string }[];
  };
  const violations = (details ?? [])
    .filter(({ type }) => type === "google.rpc.BadRequest")
    .flatMap(({ value }) => fromBinary(BadRequestSchema, Buffer.from(value, "base64")).fieldViolations)
    .map(({ field, description }) => `${field}: ${description}`);
  return { code, message, violations };
}

/** Parses lines of the form `Name: value`. The program marks trailers that were sent in the body with `[*]`. */
function readFields(lines: readonly string[]): Map<string, string[]> {
  const fields = new Map<string, string[]>();
  for (const line of lines) {
    const [, name, value] = /^(?:\[\*\] )?([\w-]+): ?(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) continue;
    const key = name.toLowerCase();
    fields.set(key, [...(fields.get(key) ?? []), value]);
  }
  return fields;
}
