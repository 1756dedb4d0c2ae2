import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { BadRequestSchema } from "../../../gen/google/rpc/error_details_pb.ts";

/** The protocols that `buf curl` speaks. */
export const protocols = ["grpc", "grpcweb", "connect"] as const;
export type Protocol = (typeof protocols)[number];

/** Why a call failed. */
export interface Problem {
  /** As in `invalid_argument`; `none` where the program has not come as far as the call. */
  readonly code: string;
  readonly message: string;
  /** The field violations of the `google.rpc.BadRequest` among the details, as `field: description`. */
  readonly violations: readonly string[];
}

/** How a call has ended. */
export interface Ended<Response> {
  readonly responses: readonly Response[];
  readonly header: ReadonlyMap<string, readonly string[]>;
  readonly trailer: ReadonlyMap<string, readonly string[]>;
  readonly problem?: Problem;
}

/** An open call, in a separate process. */
export interface Running<Response> {
  /** Sends one more request, where the call was started without any. */
  send(request: object): void;
  closeSend(): void;
  /** Resolves when the program has printed a header, with its name as in HTTP. */
  headerSeen(line: string): Promise<void>;
  /** The next response. */
  next(): Promise<Response>;
  /** Ends the program as Ctrl-C does. */
  interrupt(): void;
  readonly ended: Promise<Ended<Response>>;
}

const bufFile = join(import.meta.dirname, "../../../node_modules/@bufbuild/buf/bin/buf");

/** Runs `buf curl` with a URL, and the schema from reflection. Without requests, they are sent one by one. */
export function bufCurl<Response>(
  url: string,
  protocol: Protocol,
  requests?: readonly object[],
  flags: readonly string[] = [],
): Running<Response> {
  const args = ["--protocol", protocol, "--http2-prior-knowledge", "--verbose", ...flags, "--data", "@-", url];
  // A separate group, because the program from npm forwards no signal to the one that it starts.
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
      if (over) throw new Error(`buf curl has ended: it was to show ${what}; ${stderr.slice(-300)}`);
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

/** The last response of a successful call; throws if the call failed. */
export function ok<Response>({ problem, responses }: Ended<Response>): Response {
  const last = responses.at(-1);
  if (problem !== undefined || last === undefined) throw new Error(`the call failed: ${JSON.stringify(problem)}`);
  return last;
}

function readEnd<Response>(stdout: string, stderr: string): Ended<Response> {
  const lines = stderr.split("\n");
  const problemText = lines.filter((line) => !line.startsWith("buf: ")).join("\n");
  const problem = problemText.trim() === "" ? undefined : readProblem(problemText);
  // Reflection is the first request, unless there is none.
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
  // The program reports its own errors in plain text.
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

/** Reads lines as `Name: value`; the program marks those that came in the body with `[*]`. */
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
