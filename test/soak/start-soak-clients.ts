import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { childEnvironment } from "../child-environment.ts";
import type { SoakOrder, SoakReport } from "./soak-report.ts";

/** The clients of a soak, in a separate process. */
export interface SoakClients extends AsyncDisposable {
  /** The counts since the start of the clients. Rejects if the process has ended. */
  report(): Promise<SoakReport>;
}

const program = fileURLToPath(new URL("./soak-program.ts", import.meta.url));

export function startSoakClients(order: SoakOrder): SoakClients {
  const child = fork(program, [JSON.stringify(order)], { env: childEnvironment, execArgv: [] });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  return {
    report() {
      return new Promise((resolve, reject) => {
        child.once("message", (report) => resolve(report as SoakReport));
        void ended.then(() => reject(new Error("the clients have ended")));
        if (child.connected) child.send("report");
      });
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
