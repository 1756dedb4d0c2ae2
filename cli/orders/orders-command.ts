import { type BourseCommand, commandGroup } from "../shared/bourse-command.ts";
import { exportOrdersCommand } from "./export-orders-command.ts";
import { importOrdersCommand } from "./import-orders-command.ts";
import { submitOrdersCommand } from "./submit-orders-command.ts";
import { summarizeOrdersCommand } from "./summarize-orders-command.ts";

/** `bourse orders`. */
export function ordersCommand(): BourseCommand {
  return commandGroup("orders", "Stores, exports and sums sales orders.", [
    submitOrdersCommand(),
    importOrdersCommand(),
    exportOrdersCommand(),
    summarizeOrdersCommand(),
  ]);
}
