import { execFileSync } from "node:child_process";
import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createProgram } from "../program.ts";
import { bashCompletion } from "./bash-completion.ts";
import { completionNodes } from "./completion-nodes.ts";
import { fishCompletion } from "./fish-completion.ts";
import { zshCompletion } from "./zsh-completion.ts";

const compLine = "COMP_WORDS"; // vocabulary: allow, a variable of bash

const nodes = completionNodes(await createProgram());

/** A line up to the cursor, and completions that bash, zsh and fish offer. */
const cases: readonly [line: readonly string[], offered: readonly string[], absent: readonly string[]][] = [
  [
    ["bourse", ""],
    ["serve", "watch", "products", "completion"],
    ["list", "--json"],
  ],
  [["bourse", "w"], ["watch"], ["serve"]],
  [["bourse", "products", ""], ["list", "get", "search", "import", "create", "update", "delete"], ["watch"]],
  [["bourse", "products", "list", "--p"], ["--protocol"], ["--policy"]],
  [["bourse", "watch", "ACME", "--po"], ["--policy"], []],
  [["bourse", "watch", "--policy", ""], ["conflate", "disconnect"], ["grpc"]],
  [["bourse", "orders", "export", "--protocol", "g"], ["grpc", "grpc-web"], ["connect"]],
  [["bourse", "serve", "--max-o"], ["--max-open-uploads"], []],
  [["bourse", "completion", ""], ["bash", "zsh", "fish"], []],
  [["bourse", "upload", "pho"], ["photo.jpg"], ["watch"]],
  [["bourse", "orders", "export", "--out", "pho"], ["photo.jpg"], []],
  [["bourse", "backup", "--data", "al"], ["album"], []],
];

/** A folder with the files of the cases and the script. */
async function setUp(script: string) {
  const folder = await mkdtempDisposable(join(tmpdir(), "bourse-completion-"));
  await writeFile(join(folder.path, "script"), script);
  await writeFile(join(folder.path, "photo.jpg"), "");
  execFileSync("mkdir", [join(folder.path, "album")]);
  return folder;
}

describe("bash", () => {
  test.each(cases)("completes %j", async (parts, offered, absent) => {
    await using folder = await setUp(bashCompletion(nodes));
    const list = parts.map((part) => `'${part}'`).join(" ");
    const line = `source ./script; ${compLine}=(${list}); COMP_CWORD=${parts.length - 1}; _bourse; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const completions = execFileSync("bash", ["-c", line], { cwd: folder.path, encoding: "utf8" }).trim().split("\n");
    expect(completions).toEqual(expect.arrayContaining([...offered]));
    for (const each of absent) expect(completions).not.toContain(each);
  });

  test("completes the value after an equals sign, and the script can be sourced twice", async () => {
    await using folder = await setUp(bashCompletion(nodes));
    const line = `source ./script; source ./script; ${compLine}=(bourse watch --policy = dis); COMP_CWORD=4; _bourse; echo "\${COMPREPLY[@]}"`;
    expect(execFileSync("bash", ["-c", line], { cwd: folder.path, encoding: "utf8" })).toBe("disconnect\n");
  });
});

const isInstalled = (shell: string) => {
  try {
    execFileSync(shell, ["-c", "exit 0"], { stdio: "ignore" });
    return true;
  } catch {
    return process.env.CI === "true"; // .ci/run installs it
  }
};

describe.runIf(isInstalled("fish"))("fish", { tags: ["slow"] }, () => {
  test.each(cases)("completes %j", async (parts, offered, absent) => {
    await using folder = await setUp(fishCompletion(nodes));
    const line = `source ./script; complete -C '${parts.join(" ")}'`;
    const output = execFileSync("fish", ["--no-config", "-c", line], { cwd: folder.path, encoding: "utf8" });
    const completions = output.split("\n").map((each) => each.replace(/\/?(\t.*)?$/, ""));
    expect(completions).toEqual(expect.arrayContaining([...offered]));
    for (const each of absent) expect(completions).not.toContain(each);
  });
});

describe.runIf(isInstalled("zsh"))("zsh", { tags: ["slow"] }, () => {
  test.each(cases)("completes %j", async (parts, offered, absent) => {
    await using folder = await setUp(zshCompletion(nodes));
    // A zsh in a pseudo-terminal lists the completions: there is no other interface to them.
    await writeFile(join(folder.path, "list.zsh"), listCompletions);
    const args = ["-f", "list.zsh", parts.join(" ")];
    const output = execFileSync("zsh", args, { cwd: folder.path, encoding: "utf8" });
    for (const each of offered) expect(output).toContain(each);
    for (const each of absent) expect(output).not.toMatch(new RegExp(`(^|\\s)${each}(\\s|$)`, "m"));
  });
});

// zsh displays no list while typed input waits, so the list is awaited before anything else is typed.
const listCompletions = `zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'PROMPT=""; autoload -Uz compinit; compinit -u -D; source ./script; LISTMAX=1000; setopt list_ambiguous'
zpty -w shell 'list() { zle list-choices; zle -R; print LIST""ED }; zle -N list; bindkey "^X" list; print RE""ADY'
zpty -r shell line '*READY*'
zpty -w -n shell "$1"$'\\x18'
zpty -r shell line '*LISTED*'
print -r -- "$line"
zpty -d shell
`;
