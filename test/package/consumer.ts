import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { ShellCommand } from "../readme/shell-command.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
const binaries = join(root, "node_modules", ".bin");

/** A file that has not ended by then waits for something that does not happen. */
const runTimeoutMs = 30_000;

const tsconfig = {
  compilerOptions: {
    target: "esnext",
    module: "nodenext",
    lib: ["esnext", "dom", "dom.asynciterable"],
    types: ["node"],
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false, // checks the declarations of the package
    noEmit: true,
    allowImportingTsExtensions: true,
  },
  include: ["*.ts"],
};

const generation = {
  version: "v2",
  plugins: [{ local: join(binaries, "protoc-gen-es"), out: "gen", opt: ["target=ts", "import_extension=ts"] }],
};

export interface ConsumerOptions {
  /** The npm script that builds the package. Absent: `npm pack` builds it. */
  readonly build?: string;
  /** The folder of the package. */
  readonly folder: string;
  /** The README whose files the project has, and the port of their server. Absent: none. */
  readonly readme?: { readonly path: string; readonly port: string };
  /** The other packages that the project installs, in the versions of this project. */
  readonly peers?: readonly string[];
}

/** A separate project that has installed a package of this project, and contains the files of its README. */
export class Consumer implements AsyncDisposable {
  /** The path of the project. */
  readonly folder: string;
  /** The path of the tarball. */
  readonly tarball: string;
  /** The paths of the files in the package. */
  readonly packed: readonly string[];

  private constructor(folder: string, tarball: string, packed: readonly string[]) {
    this.folder = folder;
    this.tarball = tarball;
    this.packed = packed;
  }

  /** Builds and packs a package of this project, and installs the tarball with its peers in an empty folder. */
  static async install({ build, folder, readme, peers = [] }: ConsumerOptions): Promise<Consumer> {
    const project = await mkdtemp(join(tmpdir(), "bourse-package-"));
    if (build !== undefined) await run("npm", ["run", build], { cwd: root });
    const packed = await run("npm", ["pack", folder, "--pack-destination", project, "--json"], { cwd: root });
    const [{ filename, files }] = JSON.parse(packed.stdout.slice(packed.stdout.indexOf("[\n")));
    const paths = files.map(({ path }: { path: string }) => path);
    const consumer = new Consumer(project, join(project, filename), paths);
    await consumer.write("package.json", JSON.stringify({ private: true, type: "module" }));
    await consumer.write("tsconfig.json", JSON.stringify(tsconfig));
    const { dependencies, devDependencies } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
    const pinned = peers.map((name) => `${name}@${dependencies[name] ?? devDependencies[name]}`);
    const options = ["--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"];
    await run("npm", ["install", ...options, `./${filename}`, ...pinned], { cwd: project });
    if (readme !== undefined) await consumer.#writeReadmeFiles(readme.path, readme.port);
    return consumer;
  }

  /** Runs a file of the project on the current Node, to its end. Resolves to its output. Rejects if it fails. */
  async run(file: string, ...args: string[]): Promise<string> {
    const { stdout } = await run(process.execPath, [file, ...args], { cwd: this.folder, timeout: runTimeoutMs });
    return stdout;
  }

  /** Starts a file of the project on the current Node. */
  node(file: string, ...args: (number | string)[]): ShellCommand {
    return new ShellCommand(`cd '${this.folder}' && exec '${process.execPath}' ${file} ${args.join(" ")}`);
  }

  /** Writes a file of the project. */
  async write(path: string, content: string | Uint8Array): Promise<void> {
    await mkdir(dirname(join(this.folder, path)), { recursive: true });
    await writeFile(join(this.folder, path), content);
  }

  /** Checks the types of all files. Resolves to the output of the compiler, which is empty if there is no error. */
  checkTypes(): Promise<string> {
    return outputOf(join(binaries, "tsc"), ["-p", "."], this.folder);
  }

  /** Checks the manifest and the declarations of the tarball. Resolves to the problems, which are none if it is empty. */
  async lintPackage(): Promise<string> {
    const problems = [
      await outputOf(join(binaries, "publint"), ["run", this.tarball, "--strict"], root),
      await outputOf(join(binaries, "attw"), [this.tarball, "--profile", "esm-only"], root),
    ];
    return problems.join("");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Writes the fenced blocks of a README that start with the name of a file, and generates code from its protos. */
  async #writeReadmeFiles(path: string, port: string): Promise<void> {
    const text = await readFile(join(root, path), "utf8");
    const blocks = text.matchAll(/^```\w+\n((?:\/\/|<!--) (\S+?\.\w+).*?)^```$/gms);
    const files = [...blocks].map(([, block = "", file = ""]) => ({ file, block }));
    for (const { file, block } of files) await this.write(file, block.replaceAll("8080", port));
    if (!files.some(({ file }) => file.endsWith(".proto"))) return;
    const args = ["generate", "proto", "--template", JSON.stringify(generation)];
    await run(join(binaries, "buf"), args, { cwd: this.folder });
  }
}

/** Returns what a command prints if it fails, and an empty text if it succeeds. */
function outputOf(command: string, args: readonly string[], cwd: string): Promise<string> {
  return run(command, args, { cwd }).then(
    () => "",
    ({ stdout, stderr }) => `${stdout}${stderr}`,
  );
}
