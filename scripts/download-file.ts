import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { Command } from "commander";
import { UploadService } from "../gen/bourse/upload/v1/upload_service_pb.ts";
import { addressOption } from "./address-option.ts";
import { ProgressBar } from "./progress-bar.ts";
import { receiveFile } from "./receive-file.ts";
import { retryText } from "./retry-text.ts";
import { exitCodes, runScript } from "./run-script.ts";

interface Options {
  readonly address: string;
  readonly out: string;
  readonly json?: true;
  readonly quiet?: true;
}

const command = new Command("npm run download-file --")
  .description("Downloads an upload, and verifies its SHA-256. Goes on after a break, and when it is run again.")
  .argument("<id>", "the upload's id")
  .requiredOption("--out <file>", "where it goes; until it is whole it is beside it, as FILE.ID.part")
  .option("--json", "an object with id, out, size and sha256, and nothing else")
  .option("--quiet", "no progress")
  .addOption(addressOption())
  .addHelpText("after", "\nExit codes: 0 it is whole; 1 it is not; 130 interrupted: run it again to go on.")
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
      onProgress(received, of) {
        bar ??= new ProgressBar({
          total: of,
          startAt: received,
          items: "bytes",
          quiet: json === true || quiet === true,
        });
        bar.update(received);
      },
      onState(state) {
        if (state.kind === "retrying" && !json && !quiet) console.error(retryText("the line", state));
      },
    });
    bar?.[Symbol.dispose]();
    console.log(json ? JSON.stringify({ id, out, size, sha256 }) : `${out}  ${size} bytes  sha256 ${sha256}`);
  } catch (reason) {
    if (signal.aborted) {
      process.exitCode = exitCodes.interrupted;
      if (!json) console.error(`${out}: interrupted; run it again to go on`);
      return;
    }
    throw reason;
  } finally {
    bar?.[Symbol.dispose]();
  }
});
