import { execFile } from "node:child_process";
import type { Client } from "./clients.ts";
import { startInteropServers } from "./interop-servers.ts";
import { ToolchainError } from "./toolchains.ts";

/** The problem of a case, or `undefined` if it passed. */
export type Outcomes = ReadonlyMap<string, string | undefined>;

/** The time limit of all cases of a client. */
const clientLimitMs = 5 * 60_000;

/** Runs one client against separate servers. An error of the client is the outcome of its missing cases. */
export async function runClient(client: Client, environment: Readonly<Record<string, string>>): Promise<Outcomes> {
  try {
    const [command, ...args] = await client.prepare();
    await using servers = await startInteropServers(client.flags);
    const { output, ending } = await capture(command, args, { ...environment, ...servers.environment });
    return outcomesOf(client, output, ending);
  } catch (error) {
    if (error instanceof ToolchainError) return allFailed(client, error.message);
    throw error;
  }
}

interface Captured {
  readonly output: string;
  /** The end of the client, which explains missing cases. */
  readonly ending: string;
}

function capture(command: string, args: readonly string[], environment: Record<string, string>): Promise<Captured> {
  // Disables the proxy of the machine, which gRPC libraries would otherwise use for the loopback interface.
  const env = { ...process.env, no_proxy: "127.0.0.1", NO_PROXY: "127.0.0.1", ...environment };
  return new Promise((resolve) => {
    execFile(command, args, { env, timeout: clientLimitMs, killSignal: "SIGKILL" }, (error, stdout, stderr) => {
      const how = error === null ? "the client has ended" : `the client has ended with ${error.code ?? error.signal}`;
      resolve({ output: stdout, ending: `${how} ${stderr.trim().slice(-400)}`.trim() });
    });
  });
}

function outcomesOf(client: Client, output: string, ending: string): Outcomes {
  const outcomes = new Map<string, string | undefined>();
  for (const [, result, name = "", problem] of output.matchAll(/^(PASS|FAIL) ([\w-]+)(?:: (.*))?$/gm)) {
    outcomes.set(name, result === "PASS" ? undefined : (problem ?? "without a reason"));
  }
  for (const name of expectedOf(client)) {
    if (!outcomes.has(name)) outcomes.set(name, `not run: ${ending}`);
  }
  return outcomes;
}

function allFailed(client: Client, problem: string): Outcomes {
  return new Map(expectedOf(client).map((name) => [name, problem]));
}

function expectedOf({ cases, lacks = {} }: Client): readonly string[] {
  return cases.filter((name) => lacks[name] === undefined);
}
