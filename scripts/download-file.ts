import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { Command } from "commander";
import { UploadService } from "../gen/bourse/upload/v1/upload_service_pb.ts";
import { addressOption } from "./shared/command-line-options.ts";
import { ProgressBar } from "./shared/progress-bar.ts";
import { receiveFile } from "./shared/resumable-download.ts";
import { exitCodes, runScript } from "./shared/run-script.ts";
import { formatRetry } from "./shared/script-retry-policy.ts";
import { printError, printLine } from "./shared/terminal-output.ts";

interface Options {
  readonly address: string;
  readonly out: string;
  readonly json?: true;
  readonly quiet?: true;
}

const command = new Command("npm run download-file --")
  .description(
    "Downloads an upload, and verifies its SHA-256. Reconnects after a failure. A second run resumes the download.",
  )
  .argument("<id>", "id of the upload")
  .requiredOption("--out <file>", "path of the file; while it is incomplete, it is FILE.ID.part")
  .option("--json", "print an object with id, out, size and sha256, and no progress")
  .option("--quiet", "do not show progress")
  .addOption(addressOption())
  .addHelpText("after", "\nExit codes: 0 the file is complete; 1 an error; 130 interrupted: run it again to resume.")
  .parse();
const { address, out, json, quiet } = command.opts<Options>();
const [id = ""] = command.args;

await runScript(address, async (signal) => {
  const client = createClient(UploadService, createConnectTransport({ baseUrl: address, httpVersion: "2" }));
  let bar: ProgressBar | undefined;
  try {
    const { size, sha256 } = await receiveFile(id.toLowerCase(), out, {
      client,
      signal,
      onProgress(received, total) {
        bar ??= new ProgressBar({
          total,
          startAt: received,
          items: "bytes",
          quiet: json === true || quiet === true,
        });
        bar.update(received);
      },
      onState(state) {
        if (state.kind === "retrying" && !json && !quiet) printError(formatRetry("the connection", state));
      },
    });
    bar?.[Symbol.dispose]();
    printLine(json ? JSON.stringify({ id, out, size, sha256 }) : `${out}  ${size} bytes  sha256 ${sha256}`);
  } catch (reason) {
    if (signal.aborted) {
      process.exitCode = exitCodes.interrupted;
      if (!json) printError(`${out}: interrupted; run it again to resume`);
      return;
    }
    throw reason;
  } finally {
    bar?.[Symbol.dispose]();
  }
});
