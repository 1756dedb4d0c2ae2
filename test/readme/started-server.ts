import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ShellCommand } from "./shell-command.ts";

/** A server that was started by `npm start`, on a free port with an empty data directory. */
export interface StartedServer extends AsyncDisposable {
  /** Changes a documented command, so that it calls this server. */
  here(command: string): string;
}

/** Runs `npm start` and waits until the port is open. */
export async function startServer(): Promise<StartedServer> {
  const data = mkdtempSync(join(tmpdir(), "bourse-readme-"));
  const command = new ShellCommand("npm start", { PORT: "0", BOURSE_DATA: data });
  const [url, address = ""] = await command.prints(/http:\/\/(127\.0\.0\.1:\d+)/);
  return {
    here: (text) => {
      const called = text.replaceAll("127.0.0.1:8080", address);
      if (!/^npm run |[|&] npm run bourse /.test(called)) return called;
      return `${called}${called.includes(" -- ") ? "" : " --"} --address ${url}`;
    },
    async [Symbol.asyncDispose]() {
      await command.end();
      rmSync(data, { recursive: true, force: true });
    },
  };
}
