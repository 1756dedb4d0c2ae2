import type { Argument, Command, Option } from "commander";

/** The values that a flag or a command accepts. */
export type CompletionValue =
  | { readonly kind: "choice"; readonly choices: readonly string[] }
  | { readonly kind: "file" }
  | { readonly kind: "directory" }
  /** Any other text, which is not completed. */
  | { readonly kind: "text" };

export interface CompletionOption {
  /** As in `-h` and `--help`. */
  readonly flags: readonly string[];
  readonly description: string;
  /** Absent: the option has no value. */
  readonly value?: CompletionValue;
}

/** A command with its completions. */
export interface CompletionNode {
  /** The names of the command and of its groups. Empty: the program. */
  readonly path: readonly string[];
  readonly description: string;
  readonly commands: readonly { readonly name: string; readonly description: string }[];
  readonly options: readonly CompletionOption[];
  /** The arguments. Absent: none. */
  readonly argument?: CompletionValue;
}

/** Returns the completions of a program and of all its commands, the program first. */
export function completionNodes(command: Command, path: readonly string[] = []): CompletionNode[] {
  const help = command.createHelp();
  const commands = help.visibleCommands(command);
  const argument = command.registeredArguments.at(-1);
  const node = {
    path,
    description: firstSentence(command.description()),
    commands: commands.map((each) => ({ name: each.name(), description: firstSentence(each.description()) })),
    options: help.visibleOptions(command).map(optionOf),
    ...(argument !== undefined && { argument: valueOfArgument(argument, argument.name()) }),
  };
  return [node, ...command.commands.flatMap((each) => completionNodes(each, [...path, each.name()]))];
}

function optionOf(option: Option): CompletionOption {
  const { short, long, description } = option;
  const placeholder = /[<[]([^>\].]+)/.exec(option.flags)?.[1];
  return {
    flags: [short, long].filter((flag) => flag !== undefined),
    description,
    ...(placeholder !== undefined && { value: valueOfArgument(option, placeholder) }),
  };
}

function valueOfArgument({ argChoices }: Option | Argument, placeholder: string): CompletionValue {
  if (argChoices !== undefined) return { kind: "choice", choices: argChoices };
  if (/^files?$/i.test(placeholder)) return { kind: "file" };
  return { kind: /^dir$/i.test(placeholder) ? "directory" : "text" };
}

/** A completion has one line. */
function firstSentence(text: string): string {
  return text.replace(/[.:] .*$/s, "").replace(/\.$/, "");
}
