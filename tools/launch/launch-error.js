/** Why nothing was run, as a sentence for the user. */
export class LaunchError extends Error {
  /**
   * @param {string} message what went wrong and what to do
   * @param {number} [exitCode] what to exit with
   */
  constructor(message, exitCode = 1) {
    super(message);
    this.name = "LaunchError";
    this.exitCode = exitCode;
  }
}
