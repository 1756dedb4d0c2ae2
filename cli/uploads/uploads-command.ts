import { type BourseCommand, commandGroup } from "../shared/bourse-command.ts";
import { abortUploadsCommand } from "./abort-uploads-command.ts";
import { listUploadsCommand } from "./list-uploads-command.ts";

/** `bourse uploads`. */
export function uploadsCommand(): BourseCommand {
  return commandGroup("uploads", "Lists and aborts uploads.", [listUploadsCommand(), abortUploadsCommand()]);
}
