/** The data directory cannot be used. The message is for the operator: it has the path and what to do. */
export class DataDirectoryError extends Error {
  override name = "DataDirectoryError";

  /** @param problem a sentence without its full stop, as in `the data directory /var/bourse cannot be written` */
  constructor(problem: string, advice: string, cause?: unknown) {
    super(`${problem}${cause instanceof Error ? ` (${cause.message})` : ""}: ${advice}`, { cause });
  }
}
