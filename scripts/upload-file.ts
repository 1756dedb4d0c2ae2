import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { Command, Option } from "commander";
import { UploadFailedError } from "../client/upload/upload-error-remedy.ts";
import type { Upload } from "../gen/bourse/upload/v1/upload_pb.ts";
import { UploadService } from "../gen/bourse/upload/v1/upload_service_pb.ts";
import { addressOption } from "./shared/command-line-options.ts";
import { NotAFileError, sendFile } from "./shared/resumable-upload.ts";
import { exitCodes, runScript } from "./shared/run-script.ts";
import { printError, printLine } from "./shared/terminal-output.ts";
import { stateFolder, UploadMemoStore } from "./shared/upload-memo-store.ts";

interface Options {
  readonly address: string;
  readonly method: "streaming" | "chunked";
  readonly door?: keyof typeof methodsOfDoor; // vocabulary: allow, the former flag
  readonly product: string;
  readonly json?: true;
  readonly quiet?: true;
}

/** The upload methods by the values of --door, the former name of --method. */
const methodsOfDoor = { stream: "streaming", chunks: "chunked" } as const; // vocabulary: allow, the former flag

const command = new Command("npm run upload-file --")
  .description(
    "Uploads files. Reconnects after a failure. A second run with the same file resumes the upload, whose state is in $XDG_STATE_HOME/bourse (~/.local/state/bourse).",
  )
  .argument("<files...>", "files to upload")
  .addOption(
    new Option("--method <name>", "upload method: one stream, or a call for each chunk")
      .choices(["streaming", "chunked"])
      .default("streaming"),
  )
  .addOption(new Option("--door <name>").choices(Object.keys(methodsOfDoor)).conflicts("method").hideHelp()) // vocabulary: allow, the former flag
  .option("--product <id>", "product that the files belong to", "")
  .option("--json", "print an object per line, with file, id, size and sha256, and no progress")
  .option("--quiet", "do not show progress")
  .addOption(addressOption())
  .addHelpText("after", "\nExit codes: 0 all files are uploaded; 1 an error; 130 interrupted: run it again to resume.")
  .parse();
const { address, door, product, json, quiet, ...options } = command.opts<Options>(); // vocabulary: allow, the former flag
const method = door === undefined ? options.method : methodsOfDoor[door]; // vocabulary: allow, the former flag

await runScript(address, async (signal) => {
  const client = createClient(UploadService, createConnectTransport({ baseUrl: address, httpVersion: "2" }));
  const memos = new UploadMemoStore(stateFolder(process.env));
  await memos.deleteExpired(Date.now());
  const server = new URL(address).origin;
  const onMessage = (line: string) => {
    if (!json && !quiet) printError(line);
  };
  for (const file of command.args) {
    try {
      const upload = await sendFile(file, {
        client,
        memos,
        server,
        productId: product.toLowerCase(),
        method,
        signal,
        quiet: json === true || quiet === true,
        onMessage,
      });
      printLine(json ? formatJson(file, upload) : formatLine(file, upload));
    } catch (reason) {
      if (signal.aborted) {
        process.exitCode = exitCodes.interrupted;
        if (!json) printError(`${file}: interrupted; run it again to resume`);
        return;
      }
      if (!isFileError(reason)) throw reason;
      process.exitCode = 1;
      printError(reason instanceof UploadFailedError ? `${file}: ${reason.message}` : reason.message);
    }
  }
});

/** Whether an error concerns one file only. Then the next file is uploaded. */
function isFileError(reason: unknown): reason is Error {
  if (reason instanceof UploadFailedError || reason instanceof NotAFileError) return true;
  return reason instanceof Error && "syscall" in reason && "path" in reason; // the file cannot be opened
}

function formatJson(file: string, { uploadId, size, sha256 }: Upload): string {
  return JSON.stringify({ file, id: uploadId, size: Number(size ?? 0n), sha256: Buffer.from(sha256).toString("hex") });
}

function formatLine(file: string, { uploadId, size, sha256, contentType }: Upload): string {
  return `${file}  ${uploadId}  ${size ?? 0n} bytes  ${contentType}  sha256 ${Buffer.from(sha256).toString("hex")}`;
}
