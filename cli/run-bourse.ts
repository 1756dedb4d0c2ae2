import { CommanderError } from "commander";
import { createProgram, expandHelp } from "./program.ts";
import { type BourseCommand, UsageError } from "./shared/bourse-command.ts";
import { exitCodes } from "./shared/exit-codes.ts";
import { standardOutput } from "./shared/standard-output.ts";
import { printError } from "./shared/terminal-output.ts";

/** Runs a command line, without the names of the runtime and the program. Sets the exit code of the process. */
export async function runBourse(line: readonly string[]): Promise<void> {
  const args = expandHelp(line);
  // An empty variable counts as absent.
  for (const variable of ["BOURSE_ADDRESS", "BOURSE_DATA"])
    if (process.env[variable] === "") delete process.env[variable];
  const program = await createProgram(args[0]);
  try {
    await program.parseAsync(args, { from: "user" });
    refuseProblems(program);
  } catch (error) {
    if (error instanceof UsageError) reportUsage(error);
    else if (error instanceof CommanderError)
      standardOutput.setExitCode(error.exitCode === 0 ? exitCodes.success : exitCodes.error); // it has printed the help or the version
    else throw error;
  }
}

/** An unknown command has no action in which its problem would be reported. */
function refuseProblems(command: BourseCommand): void {
  command.refuseProblems();
  for (const each of command.commands) refuseProblems(each as BourseCommand);
}

function reportUsage({ problems, command }: UsageError): void {
  for (const line of problems.join("\n").split("\n")) printError(line);
  const names = [command.name()];
  for (let { parent } = command; parent !== null; { parent } = parent) names.unshift(parent.name());
  const line = names.join(" ");
  printError(
    command.commands.length > 0
      ? `${line} --help lists the commands; options follow the command, as in ${line} COMMAND --json`
      : `${line} --help lists the options`,
  );
  standardOutput.setExitCode(command.usageExitCode);
}
