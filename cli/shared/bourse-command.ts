import { styleText } from "node:util";
import { type Argument, Command, CommanderError, type HelpContext, type Option } from "commander";
import { type ExitCodeMeanings, exitCodeMeanings, exitCodes } from "./exit-codes.ts";

/** A command line and what it does. The command line begins with `bourse`. */
export type Example = readonly [commandLine: string, purpose: string];

export interface CommandHelp {
  readonly description: string;
  readonly examples: readonly Example[];
  /** The exit codes whose meaning for this command differs from the general one. Null: the command does not have it. */
  readonly exitCodes?: ExitCodeMeanings;
}

/** Invalid arguments. The problems of a command line are reported together. */
export class UsageError extends Error {
  override name = "UsageError";
  /** The command to which the arguments belong. */
  readonly command: BourseCommand;
  readonly problems: readonly string[];

  constructor(command: BourseCommand, problems: readonly string[]) {
    super(problems.join("\n"));
    this.command = command;
    this.problems = problems;
  }
}

/**
 * A command of commander that collects the problems of its arguments: commander itself ends at the first. Throws a
 * {@link UsageError} with all of them before its action runs.
 */
export class BourseCommand extends Command {
  /** The examples of the help. */
  examples: readonly Example[] = [];
  /** The exit code after invalid arguments. */
  usageExitCode: number = exitCodes.error;
  /** Finds problems of the parsed options that commander does not find. */
  findProblems: () => readonly string[] = () => [];
  readonly #problems: string[] = [];
  #isReadingArguments = false;
  #hasUnknownOptions = false;

  constructor(name?: string) {
    super(name);
    this.exitOverride();
    this.configureHelp({ styleTitle: (title) => styleText("bold", title, { validateStream: false }) });
    this.helpOption("-h, --help", "print this help");
    this.hook("preAction", (_program, command) => {
      if (command !== this) return;
      this.#problems.push(...this.findProblems());
      this.refuseProblems();
    });
  }

  override createCommand(name?: string): BourseCommand {
    return new BourseCommand(name);
  }

  /** Sets the description, and what the help has after the options. */
  withHelp({ description, examples, exitCodes: special = {} }: CommandHelp): this {
    this.description(description);
    this.examples = examples;
    this.addHelpText(
      "after",
      () => formatExamples(examples) + formatExitCodes({ [exitCodes.rejected]: null, ...special }),
    );
    return this;
  }

  /** Throws a {@link UsageError} if the arguments have problems. */
  refuseProblems(): void {
    if (this.#problems.length > 0) throw new UsageError(this, this.#problems);
  }

  override addOption(option: Option): this {
    this.#collectProblems(option, (value) => {
      const source = this.#isReadingArguments ? "argument" : "value";
      const variable = this.#isReadingArguments ? "" : ` from env '${option.envVar}'`;
      return `error: option '${option.flags}' ${source} '${value}'${variable} is invalid.`;
    });
    return super.addOption(option);
  }

  override addArgument(argument: Argument): this {
    this.#collectProblems(
      argument,
      (value) => `error: command-argument value '${value}' is invalid for argument '${argument.name()}'.`,
    );
    return super.addArgument(argument);
  }

  override parseOptions(argv: string[]) {
    this.#isReadingArguments = true;
    try {
      return super.parseOptions(argv);
    } finally {
      this.#isReadingArguments = false;
    }
  }

  /** Collects a problem, and returns: commander continues with the other arguments. */
  override error(message: string, { code }: { readonly code?: string } = {}): never {
    if (code === "commander.excessArguments" && this.#hasUnknownOptions) return undefined as never; // their values
    this.#problems.push(message);
    // Without its value an option has nothing to parse. It is the last argument.
    if (code === "commander.optionMissingArgument") this.refuseProblems();
    if (code === "commander.unknownOption" && !this.#hasUnknownOptions) {
      this.#hasUnknownOptions = true;
      this.#reportOtherUnknownOptions(message);
    }
    return undefined as never;
  }

  /** Commander prints the help if a group gets no command. Problems of its options precede. */
  override outputHelp(context?: HelpContext | ((text: string) => string)): void {
    if (typeof context === "object" && context.error) this.refuseProblems();
    super.outputHelp(context as HelpContext);
  }

  /** Commander reports the first unknown option only. */
  #reportOtherUnknownOptions(message: string): void {
    const { unknownOption } = Command.prototype as unknown as { unknownOption(flag: string): void };
    const flags = new Set(this.args.filter((arg) => arg.startsWith("-") && arg !== "-" && arg !== "--"));
    for (const flag of flags) if (!message.includes(`'${flag}'`)) unknownOption.call(this, flag);
  }

  #collectProblems(target: Option | Argument, formatProblem: (value: string) => string): void {
    const { parseArg } = target;
    if (parseArg === undefined) return;
    target.parseArg = <T>(value: string, previous: T): T => {
      try {
        return parseArg.call(target, value, previous) as T;
      } catch (error) {
        if (!(error instanceof CommanderError) || error.code !== "commander.invalidArgument") throw error;
        this.#problems.push(`${formatProblem(value)} ${error.message}`);
        return previous;
      }
    };
  }
}

/** Returns a group of commands. */
export function commandGroup(name: string, description: string, commands: readonly BourseCommand[]): BourseCommand {
  const group = new BourseCommand(name).description(description);
  for (const command of commands) group.addCommand(command);
  return group;
}

function formatExamples(examples: readonly Example[]): string {
  return `\nExamples:\n${examples.map(([line, purpose]) => `  # ${purpose}\n  ${line}\n`).join("")}`;
}

/** Formats the exit codes, one per line. */
export function formatExitCodes(special: ExitCodeMeanings): string {
  const rows = Object.entries({ ...exitCodeMeanings, ...special }).map(([code, meaning]) =>
    meaning === null ? "" : `  ${code.padEnd(5)} ${meaning}\n`,
  );
  return `\nExit codes:\n${rows.join("")}`;
}
