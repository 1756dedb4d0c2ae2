import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** One core for the server and one for the load client, or the reason why the processes are not pinned. */
export type Cores =
  | { readonly kind: "pinned"; readonly server: number; readonly client: number }
  | { readonly kind: "free"; readonly because: string };

/** Chooses two of the cores on which this process is allowed to run. */
export function chooseCores(): Cores {
  if (spawnSync("taskset", ["--version"]).status !== 0) return { kind: "free", because: "taskset is missing" };
  const [server, client] = allowedCores();
  if (server === undefined || client === undefined) return { kind: "free", because: "there is only one core" };
  return { kind: "pinned", server, client };
}

/** Returns the command, pinned to one of the cores. */
export function onCore(cores: Cores, which: "server" | "client", command: readonly string[]): readonly string[] {
  return cores.kind === "free" ? command : ["taskset", "--cpu-list", String(cores[which]), ...command];
}

/** Parses a list of cores in the format of Linux: `0-3,8`. */
function allowedCores(): number[] {
  const status = readFileSync("/proc/self/status", "utf8");
  const list = /^Cpus_allowed_list:\s*(.+)$/m.exec(status)?.[1] ?? "";
  return list.split(",").flatMap((range) => {
    const [first = 0, last = first] = range.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}
