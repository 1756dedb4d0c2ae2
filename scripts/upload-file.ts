import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { Command, Option } from "commander";
import { UploadFailedError } from "../client/upload/upload-problem.ts";
import type { Upload } from "../gen/bourse/upload/v1/upload_pb.ts";
import { UploadService } from "../gen/bourse/upload/v1/upload_service_pb.ts";
import { addressOption } from "./address-option.ts";
import { exitCodes, runScript } from "./run-script.ts";
import { NotAFileError, sendFile } from "./send-file.ts";
import { stateFolder, UploadStates } from "./upload-states.ts";

interface Options {
  readonly address: string;
  readonly door: keyof typeof methods;
  readonly product: string;
  readonly json?: true;
  readonly quiet?: true;
}

/** The upload methods by the values of --door. */
const methods = { stream: "streaming", chunks: "chunked" } as const;

const command = new Command("npm run upload-file --")
  .description(
    "Uploads files. Goes on after a break, and when it is run again with the same file: what it has begun it remembers in $XDG_STATE_HOME/bourse (~/.local/state/bourse).",
  )
  .argument("<files...>", "what to upload")
  .addOption(
    new Option("--door <name>", "how it gets there: in one call, or in a call a chunk")
      .choices(["stream", "chunks"])
      .default("stream"),
  )
  .option("--product <id>", "the product that the files belong to", "")
  .option("--json", "an object a line, with file, id, size and sha256, and nothing else")
  .option("--quiet", "no progress")
  .addOption(addressOption())
  .addHelpText("after", "\nExit codes: 0 all is there; 1 something is not; 130 interrupted: run it again to go on.")
  .parse();
const { address, door, product, json, quiet } = command.opts<Options>();

await runScript(address, async (signal) => {
  const client = createClient(UploadService, createConnectTransport({ baseUrl: address, httpVersion: "2" }));
  const states = new UploadStates(stateFolder(process.env));
  await states.tidy(Date.now());
  const server = new URL(address).origin;
  const tell = (line: string) => {
    if (!json && !quiet) console.error(line);
  };
  for (const file of command.args) {
    try {
      const upload = await sendFile(file, {
        client,
        states,
        server,
        productId: product.toLowerCase(),
        method: methods[door],
        signal,
        quiet: json === true || quiet === true,
        tell,
      });
      console.log(json ? jsonOf(file, upload) : textOf(file, upload));
    } catch (reason) {
      if (signal.aborted) {
        process.exitCode = exitCodes.interrupted;
        if (!json) console.error(`${file}: interrupted; run it again to go on`);
        return;
      }
      if (!isOfFile(reason)) throw reason;
      process.exitCode = 1;
      console.error(reason instanceof UploadFailedError ? `${file}: ${reason.message}` : reason.message);
    }
  }
});

/** Whether the other files may fare better. */
function isOfFile(reason: unknown): reason is Error {
  if (reason instanceof UploadFailedError || reason instanceof NotAFileError) return true;
  return reason instanceof Error && "syscall" in reason && "path" in reason; // The file cannot be opened.
}

function jsonOf(file: string, { uploadId, size, sha256 }: Upload): string {
  return JSON.stringify({ file, id: uploadId, size: Number(size ?? 0n), sha256: Buffer.from(sha256).toString("hex") });
}

function textOf(file: string, { uploadId, size, sha256, contentType }: Upload): string {
  return `${file}  ${uploadId}  ${size ?? 0n} bytes  ${contentType}  sha256 ${Buffer.from(sha256).toString("hex")}`;
}
