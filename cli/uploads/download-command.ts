import { statSync } from "node:fs";
import { createClient } from "@connectrpc/connect";
import { UploadService } from "../../gen/bourse/upload/v1/upload_service_pb.ts";
import type { BourseCommand } from "../shared/bourse-command.ts";
import { formatRetry } from "../shared/command-retry-policy.ts";
import { type ServerOptions, serverCommand } from "../shared/common-options.ts";
import { ProgressBar } from "../shared/progress-bar.ts";
import { type CommandContext, runCommand } from "../shared/run-command.ts";
import { connectTo } from "../shared/server-connection.ts";
import { printError } from "../shared/terminal-output.ts";
import { receiveFile } from "./resumable-download.ts";

interface Options extends ServerOptions {
  readonly out: string;
  readonly overwrite?: true;
}

/** `bourse download`: downloads an upload. */
export function downloadCommand(): BourseCommand {
  return serverCommand("download", {
    description:
      "Downloads an upload, and verifies its SHA-256. Reconnects after a failure. A second run resumes the download.",
    examples: [
      ["bourse download 0c9a3f3e-6f0e-4a53-9a0c-5f3f5d2f7b11 --out photo.jpg", "an upload by its id"],
      ["bourse download 0c9a3f3e-6f0e-4a53-9a0c-5f3f5d2f7b11 --out photo.jpg --json", "with the result as an object"],
    ],
    exitCodes: {
      0: "the file is complete",
      130: "SIGINT (Ctrl-C): run it again to resume",
      143: "SIGTERM: run it again to resume",
    },
  })
    .argument("<id>", "id of the upload; bourse uploads list prints the ids")
    .requiredOption("--out <file>", "path of the file; while it is incomplete, it is FILE.ID.part")
    .option("--overwrite", "replace an existing file")
    .action(runCommand<Options>(download));
}

async function download({ args, options, signal, print, note }: CommandContext<Options>): Promise<void> {
  const { out, overwrite, json, quiet } = options;
  const [id = ""] = args;
  refuseExisting(out, overwrite === true);
  const client = createClient(UploadService, connectTo(options));
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
        if (state.kind === "retrying") note(formatRetry("the connection", state));
      },
    });
    bar?.[Symbol.dispose]();
    await print(json ? JSON.stringify({ id, out, size, sha256 }) : `${out}  ${size} bytes  sha256 ${sha256}`);
  } catch (reason) {
    bar?.[Symbol.dispose]();
    if (signal.aborted && !json) printError(`${out}: interrupted; run it again to resume`);
    throw reason;
  }
}

/** A rename replaces the path at the end, so a directory or a device is refused before the download. */
function refuseExisting(path: string, overwrite: boolean): void {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (!stats.isFile()) throw new Error(`${path} is no regular file: choose another file`);
  if (!overwrite) throw new Error(`${path} exists: choose another file, or replace it with --overwrite`);
}
