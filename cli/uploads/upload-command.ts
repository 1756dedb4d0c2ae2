import { createClient } from "@connectrpc/connect";
import { Option } from "commander";
import { NotAFileError } from "../../client/node/file-source.ts";
import { UploadFailedError } from "../../client/upload/upload-error-remedy.ts";
import type { Upload } from "../../gen/bourse/upload/v1/upload_pb.ts";
import { UploadService } from "../../gen/bourse/upload/v1/upload_service_pb.ts";
import type { BourseCommand } from "../shared/bourse-command.ts";
import { type ServerOptions, serverCommand } from "../shared/common-options.ts";
import { exitCodes } from "../shared/exit-codes.ts";
import { type CommandContext, runCommand } from "../shared/run-command.ts";
import { connectTo } from "../shared/server-connection.ts";
import { printError } from "../shared/terminal-output.ts";
import { sendFile } from "./resumable-upload.ts";
import { stateFolder, UploadMemoStore } from "./upload-memo-store.ts";

interface Options extends ServerOptions {
  readonly method: "streaming" | "chunked";
  readonly door?: keyof typeof methodsOfDoor; // vocabulary: allow, the former flag
  readonly product: string;
}

/** The upload methods by the values of --door, the former name of --method. */
const methodsOfDoor = { stream: "streaming", chunks: "chunked" } as const; // vocabulary: allow, the former flag

/** `bourse upload`: uploads files. */
export function uploadCommand(): BourseCommand {
  return serverCommand("upload", {
    description:
      "Uploads files. Reconnects after a failure. A second run with the same file resumes the upload, whose state is in " +
      "$XDG_STATE_HOME/bourse (~/.local/state/bourse).",
    examples: [
      ["bourse upload docs/dashboard.png", "a file; prints its id, which bourse download needs"],
      ["bourse upload --product 00000000-0000-4000-8000-000000000001 *.jpg", "the images of a product"],
      ["bourse upload big.iso --method chunked --json", "in separate calls, with the result as an object"],
    ],
    exitCodes: {
      0: "all files are uploaded",
      130: "SIGINT (Ctrl-C): run it again to resume",
      143: "SIGTERM: run it again to resume",
    },
  })
    .argument("<files...>", "files to upload")
    .addOption(
      new Option("--method <name>", "upload method: one stream, or a call for each chunk")
        .choices(["streaming", "chunked"])
        .default("streaming"),
    )
    .addOption(new Option("--door <name>").choices(Object.keys(methodsOfDoor)).conflicts("method").hideHelp()) // vocabulary: allow, the former flag
    .option("--product <id>", "product that the files belong to", "")
    .action(runCommand<Options>(uploadFiles));
}

async function uploadFiles({ args, options, signal, print, note }: CommandContext<Options>): Promise<number> {
  const { address, door, product, json, quiet } = options; // vocabulary: allow, the former flag
  const method = door === undefined ? options.method : methodsOfDoor[door]; // vocabulary: allow, the former flag
  const client = createClient(UploadService, connectTo(options));
  const memos = new UploadMemoStore(stateFolder(process.env));
  await memos.deleteExpired(Date.now());
  let code: number = exitCodes.success;
  for (const file of args) {
    try {
      const upload = await sendFile(file, {
        client,
        memos,
        server: new URL(address).origin,
        productId: product.toLowerCase(),
        method,
        signal,
        quiet: json === true || quiet === true,
        onMessage: note,
      });
      await print(json ? formatJson(file, upload) : formatLine(file, upload));
    } catch (reason) {
      if (signal.aborted && !json) printError(`${file}: interrupted; run it again to resume`);
      if (signal.aborted || !isFileError(reason)) throw reason;
      code = exitCodes.error;
      printError(reason instanceof UploadFailedError ? `${file}: ${reason.message}` : reason.message);
    }
  }
  return code;
}

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
