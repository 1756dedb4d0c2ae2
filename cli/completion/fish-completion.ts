import type { CompletionNode, CompletionOption, CompletionValue } from "./completion-nodes.ts";

/** Returns a completion script for fish. */
export function fishCompletion(nodes: readonly CompletionNode[]): string {
  return `# fish completion of bourse: written by bourse completion fish

# Prints the command of the line, as in /products/list.
function __bourse_path
    set -l path ''
    set -l typed (commandline -opc)
    for word in $typed[2..-1]
        switch "$path/$word"
            case ${nodes.flatMap(({ path }) => (path.length > 0 ? quote(`/${path.join("/")}`) : [])).join(" ")}
                set path "$path/$word"
        end
    end
    echo "$path"
end

complete -c bourse -f
${nodes.map(formatNode).join("")}`;
}

function formatNode(node: CompletionNode): string {
  const at = `complete -c bourse -n ${quote(`test (__bourse_path) = "${node.path.map((name) => `/${name}`).join("")}"`)}`;
  const commands = node.commands.map(({ name, description }) => `${at} -a ${name} -d ${quote(description)}\n`);
  const options = node.options.map((option) => `${at}${formatOption(option)} -d ${quote(option.description)}\n`);
  const argument = node.argument === undefined ? "" : formatValue(node.argument);
  return [...commands, ...options, argument === "" ? "" : `${at}${argument}\n`].join("");
}

function formatOption({ flags, value }: CompletionOption): string {
  const names = flags.map((flag) => (flag.startsWith("--") ? ` -l ${flag.slice(2)}` : ` -s ${flag.slice(1)}`));
  return names.join("") + (value === undefined ? "" : ` -r${formatValue(value)}`);
}

function formatValue(value: CompletionValue): string {
  switch (value.kind) {
    case "choice":
      return ` -a ${quote(value.choices.join(" "))}`;
    case "file":
      return " -F";
    case "directory":
      return ` -a '(__fish_complete_directories)'`;
    case "text":
      return "";
  }
}

/** In single quotes fish interprets backslashes and quotes only. */
function quote(text: string): string {
  return `'${text.replace(/[\\']/g, (char) => `\\${char}`)}'`;
}
