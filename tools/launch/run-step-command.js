import { LaunchError } from "./launch-error.js";
import { exitCodeOf, runChild } from "./run-child.js";

/**
 * Runs a command of a step without printing its output. Throws a {@link LaunchError} with the output if it fails.
 *
 * @param {string} root the folder to run it in
 * @param {{ command: string, args: readonly string[], env?: NodeJS.ProcessEnv, shell?: boolean }} what
 */
export async function runStepCommand(root, { command, args, ...options }) {
  const { code, interrupted, output } = await runChild(command, args, { stdio: "capture", cwd: root, ...options });
  if (interrupted) throw new LaunchError(`interrupted by ${interrupted}`, exitCodeOf(interrupted));
  if (code === 0) return;
  throw new LaunchError(`\`${[command, ...args].join(" ")}\` failed with exit code ${code}:\n${output.trimEnd()}`);
}
