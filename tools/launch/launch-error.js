/** The launcher cannot run a file; the message is for the user. */
export class LaunchError extends Error {
  /**
   * @param {string} message the problem and what to do
   * @param {number} [exitCode] the exit code of the launcher
   */
  constructor(message, exitCode = 1) {
    super(message);
    this.name = "LaunchError";
    this.exitCode = exitCode;
  }
}
