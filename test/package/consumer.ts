import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { ShellCommand } from "../readme/shell-command.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
const binaries = join(root, "node_modules", ".bin");

/** The packages that a project needs besides this one, as listed in its README. The last one is for types. */
const peers = ["@connectrpc/connect", "@connectrpc/connect-node", "@bufbuild/protobuf", "@types/node"];

const tsconfig = {
  compilerOptions: {
    target: "esnext",
    module: "nodenext",
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

/** A separate project that has installed the package and contains the files of its README. */
export class Consumer implements AsyncDisposable {
  /** The address of the servers in the README. */
  readonly address: string;
  /** The paths of the files in the package. */
  readonly packed: readonly string[];
  readonly #folder: string;

  private constructor(folder: string, address: string, packed: readonly string[]) {
    this.#folder = folder;
    this.address = address;
    this.packed = packed;
  }

  /** Builds and packs a folder of this project, and installs the tarball with its peers in an empty folder. */
  static async install(packageFolder: string): Promise<Consumer> {
    const folder = await mkdtemp(join(tmpdir(), "bourse-package-"));
    const address = `127.0.0.1:${await freePort()}`;
    await run("npm", ["run", "build:transport"], { cwd: root });
    const packed = await run("npm", ["pack", packageFolder, "--pack-destination", folder, "--json"], { cwd: root });
    const [{ filename, files }] = JSON.parse(packed.stdout.slice(packed.stdout.indexOf("[\n")));
    const consumer = new Consumer(
      folder,
      address,
      files.map(({ path }: { path: string }) => path),
    );
    await consumer.#write("package.json", JSON.stringify({ private: true, type: "module" }));
    await consumer.#write("tsconfig.json", JSON.stringify(tsconfig));
    for (const [path, text] of await readmeFiles()) {
      await consumer.#write(path, text.replaceAll("8080", address.split(":")[1] ?? ""));
    }
    const { dependencies, devDependencies } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
    const pinned = peers.map((name) => `${name}@${dependencies[name] ?? devDependencies[name]}`);
    const options = ["--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"];
    await run("npm", ["install", ...options, `./${filename}`, ...pinned], { cwd: folder });
    await run(join(binaries, "buf"), ["generate", "proto", "--template", JSON.stringify(generation)], { cwd: folder });
    return consumer;
  }

  /** Runs a file of the project on the current Node. */
  node(file: string, ...args: number[]): ShellCommand {
    return new ShellCommand(`cd '${this.#folder}' && exec '${process.execPath}' ${file} ${args.join(" ")}`);
  }

  /** Checks the types of all files. Resolves to the output of the compiler, which is empty if there is no error. */
  checkTypes(): Promise<string> {
    return run(join(binaries, "tsc"), ["-p", "."], { cwd: this.#folder }).then(
      ({ stdout }) => stdout,
      ({ stdout }) => stdout,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #write(path: string, text: string): Promise<void> {
    await mkdir(dirname(join(this.#folder, path)), { recursive: true });
    await writeFile(join(this.#folder, path), text);
  }
}

/** Returns the fenced blocks of the package's README that start with the name of a file. */
async function readmeFiles(): Promise<[path: string, text: string][]> {
  const readme = await readFile(join(root, "server/transport/README.md"), "utf8");
  const blocks = readme.matchAll(/^```\w+\n(\/\/ (\S+)\n.*?)^```$/gms);
  return [...blocks].map(([, text = "", path = ""]) => [path, text]);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
