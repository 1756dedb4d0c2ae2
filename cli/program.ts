import { version } from "../server/version.ts";
import { BourseCommand, formatExitCodes } from "./shared/bourse-command.ts";

/** Loads the commands, in the order of the help. A command line needs one of them, so that the others cost no time. */
const commands = {
  serve: async () => (await import("./server/serve-command.ts")).serveCommand(),
  backup: async () => (await import("./server/backup-command.ts")).backupCommand(),
  restore: async () => (await import("./server/restore-command.ts")).restoreCommand(),
  instruments: async () => (await import("./quotes/instruments-command.ts")).instrumentsCommand(),
  watch: async () => (await import("./quotes/watch-command.ts")).watchCommand(),
  publish: async () => (await import("./quotes/publish-command.ts")).publishCommand(),
  products: async () => (await import("./products/products-command.ts")).productsCommand(),
  orders: async () => (await import("./orders/orders-command.ts")).ordersCommand(),
  upload: async () => (await import("./uploads/upload-command.ts")).uploadCommand(),
  download: async () => (await import("./uploads/download-command.ts")).downloadCommand(),
  uploads: async () => (await import("./uploads/uploads-command.ts")).uploadsCommand(),
  call: async () => (await import("./call/call-command.ts")).callCommand(),
  completion: async () => (await import("./completion/completion-command.ts")).completionCommand(createProgram),
} as const satisfies Readonly<Record<string, () => Promise<BourseCommand>>>;

/**
 * Replaces `help NAMES` by `NAMES --help`, so that only the named command is loaded, and the help of a command in a group
 * is found. An unknown name is reported as an unknown command.
 */
export function expandHelp(args: readonly string[]): readonly string[] {
  const [first, name, ...rest] = args;
  if (first !== "help" || name === undefined || name.startsWith("-")) return args;
  return Object.hasOwn(commands, name) ? [name, ...rest, "--help"] : [name];
}

/**
 * Returns the program `bourse`.
 *
 * @param name the command that the command line names: if it exists, only that command is loaded. Absent: all
 */
export async function createProgram(name?: string): Promise<BourseCommand> {
  const program = new BourseCommand("bourse")
    .description("Runs and uses Bourse, a streaming market server. In a clone: npm run bourse -- COMMAND")
    .usage("<command> [options]")
    .version(version, "-V, --version", "print the version")
    .helpCommand("help [command]", "print the help of a command")
    .addHelpText("after", () => formatExitCodes({}) + moreHelp);
  const load = Object.entries(commands).filter(([each]) => each === name);
  for (const [, create] of load.length > 0 ? load : Object.entries(commands)) program.addCommand(await create());
  return program;
}

const moreHelp = `
Environment:
  BOURSE_ADDRESS       the URL of the server, if --address is absent
  NO_COLOR             no colours; FORCE_COLOR: colours even in a pipe
  NODE_EXTRA_CA_CERTS  a PEM file with certificate authorities, besides the well-known ones

bourse COMMAND --help prints the options of a command, with examples.
`;
