import { Option } from "commander";
import { BourseCommand, type CommandHelp } from "./bourse-command.ts";
import { parseAddress, parseSeconds } from "./option-parsers.ts";

/** The options of every command except `serve`. */
export interface CommonOptions {
  /** Prints objects, one per line, and no progress. */
  readonly json?: true;
  /** Prints neither progress nor notes. */
  readonly quiet?: true;
  /** The maximum duration of the command, in seconds. */
  readonly timeout?: number;
}

/** The values of `--protocol`. */
export const protocols = ["connect", "grpc", "grpc-web"] as const;

/** The options of every command that calls a server. */
export interface ServerOptions extends CommonOptions {
  readonly address: string;
  readonly protocol: (typeof protocols)[number];
}

/** The address of a server with default settings. */
const defaultAddress = "http://127.0.0.1:8080";

const heading = "Common options:";

/** Returns a command without a server, with the {@link CommonOptions}. */
export function localCommand(name: string, help: CommandHelp): BourseCommand {
  const command = new BourseCommand(name).withHelp(help);
  for (const option of commonOptions()) command.addOption(option.helpGroup(heading));
  return command;
}

/** Returns a command that calls a server, with the {@link ServerOptions}. */
export function serverCommand(name: string, help: CommandHelp): BourseCommand {
  const command = new BourseCommand(name).withHelp(help);
  for (const option of [...serverOptions(), ...commonOptions()]) command.addOption(option.helpGroup(heading));
  return command;
}

function serverOptions(): Option[] {
  return [
    new Option("--address <url>", "URL of the server")
      .default(defaultAddress)
      .env("BOURSE_ADDRESS")
      .argParser(parseAddress),
    new Option("--protocol <name>", "protocol of the calls").choices(protocols).default(protocols[0]),
  ];
}

function commonOptions(): Option[] {
  return [
    new Option("--json", "print objects, one per line, and no progress"),
    new Option("--quiet", "print neither progress nor notes"),
    new Option("--timeout <seconds>", "end the command after this time, with exit code 124").argParser(parseSeconds),
  ];
}
