import { readCommandLine } from "./config/command-line.ts";
import { type Config, ConfigError } from "./config/config.ts";
import { serve } from "./serve.ts";
import { version } from "./version.ts";

const invalidSettingsCode = 2;

const config = readSettings();
if (config !== undefined) await serve(config);

function readSettings(): Config | undefined {
  try {
    const commandLine = readCommandLine(process.argv.slice(2), process.env, version);
    if (commandLine.kind === "serve") return commandLine.config;
    process.stdout.write(commandLine.text);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const problem of error.problems) process.stderr.write(`${problem}\n`);
    process.stderr.write("npm start -- --help lists all settings\n");
    process.exitCode = invalidSettingsCode;
  }
  return undefined;
}
