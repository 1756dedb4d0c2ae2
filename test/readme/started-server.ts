import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ShellCommand } from "./shell-command.ts";

/** A server that was started as the README says, on a free port and a store of its own. */
export interface StartedServer extends AsyncDisposable {
  /** A command of the README, made to call this server. */
  here(command: string): string;
}

/** Runs `npm start`, and waits until it serves. */
export async function startServer(): Promise<StartedServer> {
  const data = mkdtempSync(join(tmpdir(), "bourse-readme-"));
  const command = new ShellCommand("npm start", { PORT: "0", BOURSE_DATA: data });
  const [url, address = ""] = await command.prints(/http:\/\/(127\.0\.0\.1:\d+)/);
  return {
    here: (text) => {
      const called = text.replaceAll("127.0.0.1:8080", address);
      if (!called.startsWith("npm run ")) return called;
      return `${called}${called.includes(" -- ") ? "" : " --"} --address ${url}`;
    },
    async [Symbol.asyncDispose]() {
      await command.end();
      rmSync(data, { recursive: true, force: true });
    },
  };
}
