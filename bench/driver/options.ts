import { Command, InvalidArgumentError, Option } from "commander";
import { type Peer, peers } from "../peers/peers.ts";
import type { Work } from "../works/work.ts";
import { works } from "../works/works.ts";

/** The options of the benchmark. */
export interface BenchOptions {
  readonly json: boolean;
  readonly quick: boolean;
  readonly works: readonly Work[];
  readonly peers: readonly Peer[];
}

/** Reads the command line. Ends the process if it requests help or is invalid. */
export function parseOptions(argv: readonly string[]): BenchOptions {
  const command = new Command("bench")
    .description("Compares the server with others, on this machine. Progress goes to standard error.")
    .option("--json", "print one JSON object instead of the table")
    .option("--quick", "smaller sizes: everything within three minutes")
    .addOption(chooser("--only <works>", "work", works))
    .addOption(chooser("--peers <peers>", "peer", peers))
    .parse([...argv], { from: "user" });
  const { json = false, quick = false, only, peers: chosen } = command.opts();
  return { json, quick, works: only, peers: chosen };
}

/** An option of names, separated by commas. Its value is the list of the named items, in the order of the table. */
function chooser<T extends { readonly name: string }>(flags: string, kind: string, all: readonly T[]): Option {
  return new Option(flags, `of ${names(all)}`).default(all, "all").argParser((text): readonly T[] => {
    const asked = text.split(",").map((name) => name.trim());
    const unknown = asked.filter((name) => !all.some((each) => each.name === name));
    if (unknown.length > 0) throw new InvalidArgumentError(`There is no ${kind} ${unknown.join(", ")}: ${names(all)}.`);
    return all.filter(({ name }) => asked.includes(name));
  });
}

function names(all: readonly { readonly name: string }[]): string {
  return all.map(({ name }) => name).join(", ");
}
