import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { childEnvironment } from "../child-environment.ts";
import type { CanaryMessage, CanaryReport } from "./canary-report.ts";

/** A well-behaved client that uses the server during attacks. */
export interface Canary extends AsyncDisposable {
  /** Returns the observations since the last report. */
  report(): Promise<CanaryReport>;
}

const program = fileURLToPath(new URL("./canary-program.ts", import.meta.url));

/** Starts the canary, and waits until all its streams have caught up. */
export async function startCanary(url: string): Promise<Canary> {
  const child = fork(program, [url], { env: childEnvironment, execArgv: [] });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const next = <Kind extends CanaryMessage["kind"]>(kind: Kind) =>
    new Promise<Extract<CanaryMessage, { kind: Kind }>>((resolve, reject) => {
      const onMessage = (message: unknown) => {
        const heard = message as CanaryMessage;
        if (heard.kind !== kind) return;
        child.off("message", onMessage);
        resolve(heard as Extract<CanaryMessage, { kind: Kind }>);
      };
      child.on("message", onMessage);
      void ended.then(() => reject(new Error("the canary has ended")));
    });
  await next("watching");
  return {
    report() {
      const report = next("report");
      child.send("report");
      return report;
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
