import type { CompletionNode, CompletionValue } from "./completion-nodes.ts";

/** The array of the parts of the line. */
const typed = "COMP_WORDS"; // vocabulary: allow, a variable of bash

/** Returns a completion script for bash 3.2 and newer. */
export function bashCompletion(nodes: readonly CompletionNode[]): string {
  return `# bash completion of bourse: written by bourse completion bash

_bourse() {
  local IFS=$'\\n' current=\${${typed}[COMP_CWORD]} previous=\${${typed}[COMP_CWORD - 1]} path='' word
  COMPREPLY=()
  # Bash splits --flag=value into three parts.
  if [[ $current == '=' ]]; then
    current=''
  elif [[ $previous == '=' ]]; then
    previous=\${${typed}[COMP_CWORD - 2]}
  fi
  for word in "\${${typed}[@]:1:COMP_CWORD-1}"; do
    case "$path/$word" in
      ${nodes.flatMap(({ path }) => (path.length > 0 ? quote(`/${path.join("/")}`) : [])).join(" | ")})
        path=$path/$word ;;
    esac
  done
  case "$path $previous" in
${nodes.flatMap(valueCases).join("\n")}
  esac
  if [[ $current == -* ]]; then
    case "$path" in
${nodes.map((node) => `      ${quote(pathOf(node))}) ${complete(node.options.flatMap(({ flags }) => flags))} ;;`).join("\n")}
    esac
    return
  fi
  case "$path" in
${nodes.map((node) => `    ${quote(pathOf(node))}) ${completeWord(node)} ;;`).join("\n")}
  esac
}

complete -F _bourse bourse
`;
}

function pathOf({ path }: CompletionNode): string {
  return path.map((name) => `/${name}`).join("");
}

function valueCases(node: CompletionNode): string[] {
  return node.options.flatMap(({ flags, value }) => {
    if (value === undefined) return [];
    const patterns = flags.map((flag) => quote(`${pathOf(node)} ${flag}`)).join(" | ");
    return `    ${patterns}) ${completeValue(value)}; return ;;`;
  });
}

function completeWord({ commands, argument }: CompletionNode): string {
  if (commands.length > 0) return complete(commands.map(({ name }) => name));
  return argument === undefined ? ":" : completeValue(argument);
}

function completeValue(value: CompletionValue): string {
  switch (value.kind) {
    case "choice":
      return complete(value.choices);
    case "file":
      return 'COMPREPLY=($(compgen -f -- "$current")); compopt -o filenames 2>/dev/null';
    case "directory":
      return 'COMPREPLY=($(compgen -d -- "$current")); compopt -o filenames 2>/dev/null';
    case "text":
      return ":";
  }
}

function complete(choices: readonly string[]): string {
  return `COMPREPLY=($(compgen -W $'${choices.join("\\n")}' -- "$current"))`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
