import type { Logger } from "pino";
import { logRepeatedProblem } from "./repeated-problem-log.ts";

/**
 * Returns a function that logs the outcome of each reload of the TLS files: the problem, or undefined if the new files
 * are in use.
 */
export function logTlsReloads(log: Logger): (problem: unknown) => void {
  const repeated = logRepeatedProblem(log, {
    failed: "the changed TLS files cannot be used: the old ones stay in use",
    over: "the TLS files are valid",
  });
  return (problem) => {
    if (problem !== undefined) return repeated.report(problem);
    repeated.resolve();
    log.info("reloaded the changed TLS files");
  };
}
