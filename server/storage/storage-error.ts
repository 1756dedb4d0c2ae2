/** The data directory cannot be used. The message is for whoever runs the server: it has the path and what to do. */
export class StorageError extends Error {
  override name = "StorageError";

  /** @param problem a sentence without its end, as in `the data directory /var/bourse cannot be written` */
  constructor(problem: string, advice: string, cause?: unknown) {
    super(`${problem}${cause instanceof Error ? ` (${cause.message})` : ""}: ${advice}`, { cause });
  }
}
