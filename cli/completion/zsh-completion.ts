import type { CompletionNode, CompletionOption, CompletionValue } from "./completion-nodes.ts";

/** The array of the parts of the line. */
const typed = "words"; // vocabulary: allow, a variable of zsh

/** Returns a completion script for zsh, for a folder of `fpath` or for `source`. */
export function zshCompletion(nodes: readonly CompletionNode[]): string {
  return `#compdef bourse
# zsh completion of bourse: written by bourse completion zsh

${nodes.map(formatFunction).join("\n")}
# zsh loads the file when it completes bourse for the first time; otherwise the file is sourced.
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  _bourse "$@"
else
  compdef _bourse bourse
fi
`;
}

function formatFunction(node: CompletionNode): string {
  const body = node.commands.length > 0 ? formatGroup(node) : formatArguments(node);
  return `${functionName(node.path)}() {\n${body}}\n`;
}

function functionName(path: readonly string[]): string {
  return ["_bourse", ...path].join("_");
}

/** The first part of the line is the group. Its commands see the parts from their own name on. */
function formatGroup({ path, commands, options }: CompletionNode): string {
  const names = commands.map(({ name, description }) => `    ${quote(`${name}:${description}`)}\n`);
  const cases = commands
    .filter(({ name }) => name !== "help")
    .map(({ name }) => `    ${name}) ${functionName([...path, name])} ;;\n`);
  return `  local -a commands=(
${names.join("")}  )
  if (( CURRENT == 2 )); then
    if [[ $${typed}[2] == -* ]]; then
      ${formatOptions(options)}
    else
      _describe command commands
    fi
    return
  fi
  shift ${typed}
  (( CURRENT-- ))
  case $${typed}[1] in
${cases.join("")}  esac
`;
}

function formatArguments({ options, argument }: CompletionNode): string {
  const rest = argument === undefined ? "" : ` \\\n    ${quote(`*:argument:${formatAction(argument)}`)}`;
  return `  ${formatOptions(options)}${rest}\n`;
}

function formatOptions(options: readonly CompletionOption[]): string {
  const specs = options.flatMap(({ flags, description, value }) =>
    flags.map((flag) => {
      const isLong = flag.startsWith("--");
      const suffix = value === undefined ? "" : `:value:${formatAction(value)}`;
      return ` \\\n    ${quote(`*${flag}${value && isLong ? "=" : ""}[${escapeDescription(description)}]${suffix}`)}`;
    }),
  );
  return `_arguments${specs.join("")}`;
}

function formatAction(value: CompletionValue): string {
  switch (value.kind) {
    case "choice":
      return `(${value.choices.join(" ")})`;
    case "file":
      return "_files";
    case "directory":
      return "_files -/";
    case "text":
      return " ";
  }
}

/** A bracket would end the description. */
function escapeDescription(text: string): string {
  return text.replace(/[[\]\\:]/g, (char) => `\\${char}`);
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
