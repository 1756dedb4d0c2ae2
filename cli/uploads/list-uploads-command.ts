import { createClient } from "@connectrpc/connect";
import { Option } from "commander";
import { type Upload, UploadSchema, UploadState } from "../../gen/bourse/upload/v1/upload_pb.ts";
import { UploadService } from "../../gen/bourse/upload/v1/upload_service_pb.ts";
import type { BourseCommand } from "../shared/bourse-command.ts";
import { type ServerOptions, serverCommand } from "../shared/common-options.ts";
import { formatMessageJson } from "../shared/format-message-json.ts";
import { parseCount } from "../shared/option-parsers.ts";
import { type CommandContext, runCommand } from "../shared/run-command.ts";
import { connectTo } from "../shared/server-connection.ts";
import { type Column, Table } from "../shared/table.ts";
import { formatUploadState, type UploadStateName, uploadStates } from "./upload-states.ts";

interface Options extends ServerOptions {
  readonly state?: readonly UploadStateName[];
  readonly product?: string;
  readonly limit?: number;
}

const columns: readonly Column[] = [
  { title: "id", width: 36, style: "dim" },
  { title: "state", width: 9 },
  { title: "committed", width: 14, align: "right" },
  { title: "size", width: 14, align: "right" },
  { title: "name", width: 0 },
];

/** The maximum of the server. */
const maxPageSize = 1_000;

/** `bourse uploads list`: prints uploads. */
export function listUploadsCommand(): BourseCommand {
  return serverCommand("list", {
    description: "Prints the uploads, one per line, the newest first.",
    examples: [
      ["bourse uploads list", "all uploads"],
      ["bourse uploads list --state open damaged", "the incomplete ones"],
      ["bourse uploads list --product 00000000-0000-4000-8000-000000000001 --json", "those of a product as objects"],
    ],
  })
    .addOption(
      new Option("--state <names...>", "uploads in these states; default: all").choices(Object.keys(uploadStates)),
    )
    .option("--product <id>", "uploads of this product")
    .option("--limit <number>", "at most this many uploads", parseCount)
    .action(runCommand<Options>(listUploads));
}

async function listUploads({ options, signal, print, write }: CommandContext<Options>): Promise<void> {
  const { state = [], product, limit = Number.POSITIVE_INFINITY } = options;
  const client = createClient(UploadService, connectTo(options));
  const table = new Table(columns, write);
  let remaining = limit;
  let pageToken = "";
  do {
    const page = await client.listUploads(
      {
        states: [...new Set(state)].map((name) => uploadStates[name]),
        pageSize: Math.min(remaining, maxPageSize),
        pageToken,
        ...(product !== undefined && { productId: product.toLowerCase() }),
      },
      { signal },
    );
    for (const upload of page.uploads.slice(0, remaining)) {
      if (options.json) await print(formatMessageJson(UploadSchema, upload));
      else await table.row(cellsOf(upload), { 1: styleOf(upload.state) });
    }
    remaining -= page.uploads.length;
    pageToken = page.nextPageToken;
  } while (pageToken !== "" && remaining > 0);
}

function cellsOf({ uploadId, state, committedOffset, size, fileName }: Upload): string[] {
  return [uploadId, formatUploadState(state), formatBytes(committedOffset), formatBytes(size), fileName || "-"];
}

function formatBytes(bytes: bigint | undefined): string {
  return bytes?.toLocaleString("en") ?? "-";
}

function styleOf(state: UploadState): Column["style"] {
  switch (state) {
    case UploadState.COMPLETE:
      return "green";
    case UploadState.DAMAGED:
      return "red";
    case UploadState.OPEN:
    case UploadState.VERIFYING:
      return "yellow";
    default:
      return "dim";
  }
}
