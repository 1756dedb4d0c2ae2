import { Command, CommanderError } from "commander";
import { type Config, ConfigError, readConfig } from "./config.ts";
import { addSettingOptions, settingFlags } from "./setting-options.ts";

/** The action that a command line requests. */
export type CommandLine =
  | { readonly kind: "serve"; readonly config: Config }
  | { readonly kind: "print"; readonly text: string };

/**
 * Parses the command line and the environment. Throws a {@link ConfigError} with all problems, unknown flags included.
 *
 * @param args the arguments without the names of the runtime and the script
 */
export function readCommandLine(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  version: string,
): CommandLine {
  let printed = "";
  const command = describe(version).configureOutput({
    writeOut: (text) => {
      printed += text;
    },
    writeErr: () => {},
  });
  const problems: string[] = [];
  try {
    command.parse(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return { kind: "print", text: printed };
    problems.push(error.message.replace(/^error: /, ""));
  }
  for (const arg of command.args) problems.push(`unknown argument ${arg}: --help lists the flags`);
  try {
    const config = readConfig(settingFlags(command), environment);
    if (problems.length === 0) return { kind: "serve", config };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    problems.push(...error.problems);
  }
  throw new ConfigError(problems);
}

function describe(version: string): Command {
  const command = new Command("npm start --")
    .description(
      "Serves products, orders, live quotes and uploads over gRPC, gRPC-Web and Connect, and a dashboard, on one port.",
    )
    .version(version)
    .helpOption("-h, --help", "print this help")
    .allowUnknownOption()
    .allowExcessArguments()
    .exitOverride();
  addSettingOptions(command);
  return command;
}
