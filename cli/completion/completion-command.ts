import { Argument } from "commander";
import { BourseCommand } from "../shared/bourse-command.ts";
import { runCommand } from "../shared/run-command.ts";
import { bashCompletion } from "./bash-completion.ts";
import { completionNodes } from "./completion-nodes.ts";
import { fishCompletion } from "./fish-completion.ts";
import { zshCompletion } from "./zsh-completion.ts";

const scripts = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;

/**
 * `bourse completion`: prints a completion script of a shell.
 *
 * @param createProgram returns the program with all commands
 */
export function completionCommand(createProgram: () => Promise<BourseCommand>): BourseCommand {
  return new BourseCommand("completion")
    .withHelp({
      description: "Prints a script by which a shell completes commands, options, their values and file names.",
      examples: [
        ["bourse completion bash > ~/.local/share/bash-completion/completions/bourse", "bash, for new shells"],
        ["bourse completion zsh > ~/.zfunc/_bourse", "zsh, with ~/.zfunc in fpath before compinit"],
        ["bourse completion fish > ~/.config/fish/completions/bourse.fish", "fish"],
      ],
      exitCodes: { 124: null },
    })
    .addArgument(new Argument("<shell>", "the shell").choices(Object.keys(scripts)))
    .action(
      runCommand(async ({ args, write }) => {
        const nodes = completionNodes(await createProgram());
        await write(scripts[args[0] as keyof typeof scripts](nodes));
      }),
    );
}
