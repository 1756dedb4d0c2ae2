import { execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { generate } from "selfsigned";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { type BourseProcess, startBourse } from "../start-bourse.ts";
import { startCommand } from "../start-command.ts";

vi.setConfig({ testTimeout: 30_000 }); // each test starts processes

let bourse: BourseProcess;
let folder: string;
beforeAll(async () => {
  bourse = await startBourse(["--simulated-instruments", "1", "--simulated-rate", "2000", "--demo-orders", "20"]);
  folder = await mkdtemp(join(tmpdir(), "bourse-command-"));
});
afterAll(async () => {
  await bourse?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** Runs a command on the server of the tests. */
const run = (...args: readonly string[]) => startCommand(args, { BOURSE_ADDRESS: bourse.url }).done;

/** Runs a line in bash, where `bourse` is the program. Returns its output, and the exit code of the whole line. */
async function runInShell(line: string) {
  const script = `bourse() { '${process.execPath}' cli/main.ts "$@"; }\n${line}`;
  const env = { ...process.env, BOURSE_ADDRESS: bourse.url };
  const { stdout, stderr } = await promisify(execFile)("bash", ["-c", script], { env });
  return { stdout, stderr };
}

describe("the program", () => {
  test("prints its help, with all commands, the exit codes and the variables", async () => {
    const { stdout, stderr, exitCode } = await run("--help");
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    for (const name of ["serve", "watch", "products", "orders", "upload", "completion"]) {
      expect(stdout).toMatch(new RegExp(`^ {2}${name} `, "m"));
    }
    expect(stdout).toMatch(/^ {2}124 +the time of --timeout has passed$/m);
    expect(stdout).toContain("BOURSE_ADDRESS");
  });

  test("prints its version", async () => {
    expect(await run("--version")).toEqual({ stdout: `${manifest.version}\n`, stderr: "", exitCode: 0 });
  });

  test.each([[[]], [["products"]]])("with the arguments %j prints the help as an error", async (args) => {
    const { stdout, stderr, exitCode } = await run(...args);
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 1 });
    expect(stderr).toContain("Usage: bourse");
  });

  test.each([
    [["watches"], "error: unknown command 'watches'\n(Did you mean watch?)\nbourse --help lists the commands"],
    [
      ["products", "searches"],
      "error: unknown command 'searches'\n(Did you mean search?)\nbourse products --help lists",
    ],
    [
      ["watch", "--jsn"],
      "error: unknown option '--jsn'\n(Did you mean --json?)\nbourse watch --help lists the options\n",
    ],
    [
      ["--json", "watch"],
      "error: unknown option '--json'\nbourse --help lists the commands; options follow the command",
    ],
    [["uploads", "abort"], "error: missing required argument 'ids'\n"],
  ])("suggests what to do about %j", async (args, message) => {
    const { stdout, stderr, exitCode } = await run(...args);
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 1 });
    expect(stderr.startsWith(message), stderr).toBe(true);
  });

  test("names all wrong values of a command line, those of variables too", async () => {
    const args = ["watch", "--count", "0", "--policy", "drop", "--timeout", "soon", "--colour", "--fast"];
    const { stderr, exitCode } = await startCommand(args, { BOURSE_ADDRESS: "localhost" }).done;
    expect(exitCode).toBe(1);
    expect(stderr.split("\n").filter((line) => line.startsWith("error: "))).toEqual([
      "error: option '--count <n>' argument '0' is invalid. expected a whole number from 1",
      "error: option '--policy <name>' argument 'drop' is invalid. Allowed choices are conflate, disconnect.",
      expect.stringMatching(/^error: option '--timeout <seconds>' argument 'soon' is invalid. expected a number/),
      expect.stringMatching(/^error: option '--address <url>' value 'localhost' from env 'BOURSE_ADDRESS' is invalid/),
      "error: unknown option '--colour'",
      "error: unknown option '--fast'",
    ]);
  });

  test("an empty variable counts as absent", async () => {
    const { stderr } = await startCommand(["products", "get", "1", "--help"], { BOURSE_ADDRESS: "" }).done;
    expect(stderr).toBe("");
  });
});

test.each(["connect", "grpc", "grpc-web"])("commands call the server over %s", async (protocol) => {
  const { stdout, exitCode } = await run("products", "list", "--protocol", protocol);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^(\d+) products\n.*\ncount \1, verified\ndigest [0-9a-f]{64}, verified\n$/s);
});

describe("an address", () => {
  test("where nobody listens is an error with what to do", async () => {
    for (const protocol of ["connect", "grpc", "grpc-web"]) {
      const args = ["orders", "summary", "--protocol", protocol, "--address", "http://127.0.0.1:1"];
      expect(await run(...args)).toEqual({
        stdout: "",
        stderr: "cannot connect to http://127.0.0.1:1: is the server running? bourse serve starts it\n",
        exitCode: 1,
      });
    }
  });

  test("whose certificate does not verify is an error, until its authority is known", async () => {
    const { cert, private: key } = await generate([{ name: "commonName", value: "localhost" }], {
      extensions: [{ name: "subjectAltName", altNames: [{ type: 7, ip: "127.0.0.1" }] }],
    });
    const [certFile, keyFile] = [join(folder, "cert.pem"), join(folder, "key.pem")];
    await Promise.all([writeFile(certFile, cert), writeFile(keyFile, key)]);
    await using secure = await startBourse(["--no-demo", "--tls-cert", certFile, "--tls-key", keyFile]);
    const args = ["orders", "summary", "--address", secure.url];
    const refused = await run(...args);
    expect(refused).toMatchObject({ exitCode: 1, stdout: "" });
    expect(refused.stderr).toMatch(
      /^the certificate of https:\S+ cannot be verified \(.*self.signed.*NODE_EXTRA_CA_CERTS\n$/,
    );
    expect(await startCommand(args, { NODE_EXTRA_CA_CERTS: certFile }).done).toMatchObject({ exitCode: 0, stderr: "" });
    const plain = await run("orders", "summary", "--address", secure.url.replace("https:", "http:"));
    expect(plain.exitCode).toBe(1);
    expect(plain.stderr).toContain(secure.url.replace("https:", "http:"));
  });

  test("without TLS is an error for https", async () => {
    const address = bourse.url.replace("http:", "https:");
    expect(await run("orders", "summary", "--address", address)).toMatchObject({
      exitCode: 1,
      stderr: `${address} does not speak TLS: is it an http address?\n`,
    });
  });
});

describe("standard output", () => {
  test("that is closed early ends a command quietly with 0", async () => {
    const line = "bourse watch | head -n 2; echo $PIPESTATUS";
    const { stdout, stderr } = await runInShell(line);
    expect(stdout.split("\n")).toEqual([
      expect.stringMatching(/^stream /),
      expect.stringMatching(/^snapshot /),
      "0",
      "",
    ]);
    expect(stderr).toBe("");
  });

  test.each([["watch"], ["products list"], ["orders export --quiet"], ["--help"], ["completion bash"]])(
    "that cannot be written ends %s with 1 and a sentence",
    async (args) => {
      const { stdout, stderr } = await runInShell(`bourse ${args} > /dev/full; echo "$?" >&2`);
      expect({ stdout, stderr }).toEqual({
        stdout: "",
        stderr: "standard output cannot be written: ENOSPC: no space left on device, write\n1\n",
      });
    },
  );

  test("in a pipe has neither a heading nor colours, unless FORCE_COLOR is set", async () => {
    const list = (env: Record<string, string>) =>
      startCommand(["products", "list"], { BOURSE_ADDRESS: bourse.url, ...env }).done;
    const plain = await list({});
    expect(plain.stdout).not.toContain("\x1b");
    expect(plain.stdout.split("\n")[1]).toMatch(/^[0-9a-f-]{36} {2} +[\d.]+ [A-Z]{3} {2}\S/);
    expect((await list({ FORCE_COLOR: "1" })).stdout).toContain("\x1b[2m");
  });

  test("on a terminal is a table, with colours unless NO_COLOR is set", async () => {
    const list = (env: string) =>
      runInShell(`script -qec "env -u CI ${env} '${process.execPath}' cli/main.ts uploads list" /dev/null`);
    await writeFile(join(folder, "photo.jpg"), "not a photo");
    expect(
      (
        await startCommand(["upload", join(folder, "photo.jpg"), "--quiet"], {
          BOURSE_ADDRESS: bourse.url,
          XDG_STATE_HOME: folder,
        }).done
      ).exitCode,
    ).toBe(0);
    const green = "\x1b[32m";
    const coloured = await list("TERM=xterm-256color");
    expect(coloured.stdout).toMatch(/id.*state.*committed.*size.*name/);
    expect(coloured.stdout).toContain(`${green}complete`);
    const plain = await list("TERM=xterm-256color NO_COLOR=1");
    expect(plain.stdout).toMatch(/^id +state +committed +size +name\s/);
    expect(plain.stdout).not.toContain("\x1b[");
  });
});

describe("a signal", () => {
  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("%s ends a command with %i, without a message", async (signal, code) => {
    const { process: child, done } = startCommand(["watch", "--json"], { BOURSE_ADDRESS: bourse.url });
    await new Promise((resolve) => child.stdout?.once("data", resolve));
    child.kill(signal);
    expect(await done).toMatchObject({ exitCode: code, stderr: "" });
  });

  test("ends a command whose output nobody reads", async () => {
    const args = ["cli/main.ts", "watch", "--json", "--from-start", "--address", bourse.url];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "ignore"] });
    const ended = once(child, "exit");
    await expect.poll(() => child.stdout.readableLength, { timeout: 10_000 }).toBeGreaterThan(60_000);
    child.kill("SIGTERM");
    expect(await ended).toEqual([143, null]);
    child.stdout.destroy();
  });

  test("ends a call to a server that never responds", async () => {
    const silent = createServer((socket) => socket.on("error", () => {}));
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void silent.close());
    const { port } = silent.address() as { port: number };
    const { process: child, done } = startCommand(["orders", "summary", "--address", `http://127.0.0.1:${port}`]);
    await new Promise((resolve) => silent.once("connection", resolve));
    child.kill("SIGTERM");
    expect(await done).toEqual({ exitCode: 143, stdout: "", stderr: "" });
  });
});

test("two signals end a command that waits for the writer of a named pipe", async () => {
  const pipe = join(folder, "pipe");
  execFileSync("mkfifo", [pipe]);
  const child = spawn(process.execPath, ["cli/main.ts", "orders", "submit", pipe, "--address", bourse.url]);
  const ended = new Promise<NodeJS.Signals | null>((resolve) => child.once("close", (_code, by) => resolve(by)));
  const signals = setInterval(() => child.kill("SIGINT"), 600);
  expect(await ended).toBe("SIGINT");
  clearInterval(signals);
});

test("--timeout ends a command with 124", async () => {
  const { exitCode, stderr } = await run("watch", "--json", "--timeout", "1.5");
  expect(exitCode).toBe(124);
  expect(stderr).toBe("the command has not ended within 1.5 s (--timeout): a longer time may help\n");
});

describe("a former npm script", () => {
  const runFormer = async (...args: readonly string[]) => {
    const command = ["cli/run-former-script.ts", "watch-quotes", "watch", "--", "ACME", "--count", "1", ...args];
    return promisify(execFile)(process.execPath, command, { env: { ...process.env, BOURSE_ADDRESS: bourse.url } });
  };

  test("runs the command, and names it", async () => {
    const { stdout, stderr } = await runFormer();
    expect(stdout).toMatch(/^stream .*\nsnapshot +ACME /);
    expect(stderr).toBe(
      "npm run watch-quotes is now: npm run bourse -- watch; the old name ends with the next release\n",
    );
  });

  test("does not name it with --quiet", async () => {
    expect((await runFormer("--quiet")).stderr).toBe("");
  });

  test.each(Object.entries(manifest.scripts).filter(([, line]) => line.includes("run-former-script")))(
    "npm run %s exists",
    { tags: ["slow"] },
    async (name, line) => {
      const [, former, command = ""] = /run-former-script\.ts (\S+) (.*) --$/.exec(line) ?? [];
      expect(former).toBe(name);
      expect(await run(...command.split(" "), "--help")).toMatchObject({ exitCode: 0 });
    },
  );
});

describe("serve", () => {
  test("starts a server, which ends with 0 after a signal", async () => {
    const { process: child, done } = startCommand([
      "serve",
      ...["--port", "0", "--no-demo", "--data", join(folder, "served"), "--log-level", "silent"],
    ]);
    const line = String(await new Promise((resolve) => child.stdout?.once("data", resolve)));
    const [url = ""] = /http:\S+/.exec(line) ?? [];
    expect((await startCommand(["orders", "summary", "--address", url]).done).stdout).toBe("0 orders\n");
    child.kill("SIGTERM");
    expect(await done).toMatchObject({ exitCode: 0, stderr: "" });
  });

  test("reports all invalid settings with exit code 2", async () => {
    const { exitCode, stderr } = await startCommand(["serve", "--port", "x", "--prot", "1"], { BOURSE_FEED: "live" })
      .done;
    expect(exitCode).toBe(2);
    expect(stderr.split("\n")).toEqual([
      "error: unknown option '--prot'",
      "(Did you mean --port?)",
      'BOURSE_FEED: expected simulated or replay:FILE, not "live"',
      '--port: expected a whole number from 0 to 65535, not "x"',
      "bourse serve --help lists the options",
      "",
    ]);
  });
});
