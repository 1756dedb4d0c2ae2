import { createClient } from "@connectrpc/connect";
import { UploadSchema } from "../../gen/bourse/upload/v1/upload_pb.ts";
import { UploadService } from "../../gen/bourse/upload/v1/upload_service_pb.ts";
import type { BourseCommand } from "../shared/bourse-command.ts";
import { type ServerOptions, serverCommand } from "../shared/common-options.ts";
import { formatMessageJson } from "../shared/format-message-json.ts";
import { type CommandContext, runCommand } from "../shared/run-command.ts";
import { runForEachId } from "../shared/run-for-each-id.ts";
import { connectTo } from "../shared/server-connection.ts";
import { formatUploadState } from "./upload-states.ts";

/** `bourse uploads abort`: aborts uploads and deletes their bytes. */
export function abortUploadsCommand(): BourseCommand {
  return serverCommand("abort", {
    description: "Aborts uploads and deletes their bytes. Also deletes complete uploads.",
    examples: [["bourse uploads abort 0c9a3f3e-6f0e-4a53-9a0c-5f3f5d2f7b11", "an upload by its id"]],
    exitCodes: { 0: "all uploads are aborted", 1: "an error; the other uploads are aborted" },
  })
    .argument("<ids...>", "ids of uploads; bourse uploads list prints them")
    .action(runCommand<ServerOptions>(abortUploads));
}

async function abortUploads({ args, options, signal, print }: CommandContext<ServerOptions>): Promise<number> {
  const client = createClient(UploadService, connectTo(options));
  return runForEachId(args, async (id) => {
    const { upload } = await client.abortUpload({ uploadId: id.toLowerCase() }, { signal });
    if (upload === undefined) return;
    const line = `${upload.uploadId}  ${formatUploadState(upload.state)}`;
    await print(options.json ? formatMessageJson(UploadSchema, upload) : line);
  });
}
