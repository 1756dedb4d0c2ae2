import { ConfigError, readConfig } from "../../server/config/config.ts";
import { addSettingOptions, settingFlags } from "../../server/config/setting-options.ts";
import { BourseCommand } from "../shared/bourse-command.ts";
import { exitCodes } from "../shared/exit-codes.ts";

/** `bourse serve`: runs the server. */
export function serveCommand(): BourseCommand {
  const command = new BourseCommand("serve").withHelp({
    description:
      "Serves products, orders, live quotes and uploads over gRPC, gRPC-Web and Connect, and a dashboard, on one port. " +
      "A flag precedes its environment variable.",
    examples: [
      ["bourse serve", "on http://127.0.0.1:8080, with the data in ./data"],
      [
        "bourse serve --port 9000 --data /var/lib/bourse --no-demo",
        "another port and directory, without demonstration data",
      ],
      ["bourse serve --feed replay:test/data/quotes/gold.csv --speed 10", "quotes of a file, ten times as fast"],
    ],
    exitCodes: {
      0: "a clean shutdown after SIGINT, SIGTERM or SIGHUP",
      1: "not started, or calls outlasted the grace period of the shutdown",
      2: "invalid settings",
      124: null,
      130: "a second SIGINT, which ends the shutdown",
      143: "a second SIGTERM, which ends the shutdown",
    },
  });
  command.usageExitCode = exitCodes.rejected;
  addSettingOptions(command);
  command.findProblems = () => problemsOf(command);
  return command.action(async () => {
    const config = readConfig(settingFlags(command), process.env);
    // Loaded late: the help needs only the settings.
    const { serve } = await import("../../server/serve.ts");
    await serve(config);
  });
}

function problemsOf(command: BourseCommand): readonly string[] {
  try {
    readConfig(settingFlags(command), process.env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}
