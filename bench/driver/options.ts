import { Command, InvalidArgumentError, Option } from "commander";
import { type Peer, peers } from "../peers/peers.ts";
import type { Workload } from "../workloads/workload.ts";
import { workloads } from "../workloads/workloads.ts";

/** The options of the benchmark. */
export interface BenchOptions {
  readonly json: boolean;
  readonly quick: boolean;
  readonly workloads: readonly Workload[];
  readonly peers: readonly Peer[];
}

/** Parses the command line. Ends the process if the command line requests help or is invalid. */
export function parseOptions(argv: readonly string[]): BenchOptions {
  const command = new Command("bench")
    .description("Compares the server with other servers on this machine. Progress goes to standard error.")
    .option("--json", "print one JSON object instead of the table")
    .option("--quick", "use smaller sizes; all workloads take three minutes")
    .addOption(chooser("--only <workloads>", "workload", workloads))
    .addOption(chooser("--peers <peers>", "peer", peers))
    .parse([...argv], { from: "user" });
  const { json = false, quick = false, only, peers: chosen } = command.opts();
  return { json, quick, workloads: only, peers: chosen };
}

/** Creates an option for a comma-separated list of names. Its value is the named items in the order of the table. */
function chooser<T extends { readonly name: string }>(flags: string, kind: string, all: readonly T[]): Option {
  return new Option(flags, `of ${names(all)}`).default(all, "all").argParser((text): readonly T[] => {
    const requested = text.split(",").map((name) => name.trim());
    const unknown = requested.filter((name) => !all.some((each) => each.name === name));
    if (unknown.length > 0)
      throw new InvalidArgumentError(`unknown ${kind} ${unknown.join(", ")}; choose from ${names(all)}`);
    return all.filter(({ name }) => requested.includes(name));
  });
}

function names(all: readonly { readonly name: string }[]): string {
  return all.map(({ name }) => name).join(", ");
}
