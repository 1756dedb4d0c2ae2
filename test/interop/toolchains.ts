import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { promisify } from "node:util";

/** A language is missing or cannot be used. The message names the package to install. */
export class ToolchainError extends Error {
  override name = "ToolchainError";
}

const root = join(import.meta.dirname, "../..");
const cache = join(root, ".cache/interop");

/** Longer than downloads and builds take on a slow machine. */
const buildLimitMs = 15 * 60_000;

/** The protos of the classic services as these tests write them: the server has its own. */
const classicProtos = "test/interop/classic-protos";

/** Makes a file with the descriptors of all that is called; returns its path. */
export async function buildDescriptors(): Promise<string> {
  const path = join(cache, "descriptors.binpb");
  mkdirSync(cache, { recursive: true });
  await runBuf("build", "--as-file-descriptor-set", "--output", path);
  return path;
}

/** Builds the program of the Go clients; returns its path. Throws a {@link ToolchainError}. */
export async function buildGoClients(): Promise<string> {
  const path = join(cache, "go-clients");
  await generateGoMessages();
  await goBuild(path, ".");
  return path;
}

/** Makes the messages and stubs of the classic services for Go, as a client of a tutorial has them. */
export async function generateGoMessages(): Promise<void> {
  const bin = join(cache, "bin");
  mkdirSync(bin, { recursive: true });
  const plugins = ["google.golang.org/protobuf/cmd/protoc-gen-go", "google.golang.org/grpc/cmd/protoc-gen-go-grpc"];
  await goBuild(`${bin}/`, ...plugins);
  const template = {
    version: "v2",
    plugins: plugins.map((plugin) => ({
      local: join(bin, basename(plugin)),
      out: "test/interop/go/gen",
      opt: "module=bourse/interop/gen",
    })),
  };
  await runBuf("generate", classicProtos, "--template", JSON.stringify(template));
}

/** Builds packages of the Go clients' module. Throws a {@link ToolchainError}. */
export async function goBuild(output: string, ...packages: string[]): Promise<void> {
  const install = "install the current version of Go from https://go.dev/dl";
  await run("go", ["build", "-C", join(root, "test/interop/go"), "-o", output, ...packages], install, {
    GOMODCACHE: join(cache, "go-modules"),
    // Else nobody could remove the folder without changing its rights first.
    GOFLAGS: "-modcacherw -buildvcs=false",
  });
}

/** Makes the messages and stubs of the classic services for Python; returns their folder. */
export async function generatePythonMessages(python: string): Promise<string> {
  const folder = join(cache, "python-messages");
  mkdirSync(folder, { recursive: true });
  const protos = readdirSync(join(root, classicProtos));
  const outputs = [`--python_out=${folder}`, `--grpc_python_out=${folder}`];
  const args = ["-m", "grpc_tools.protoc", `--proto_path=${classicProtos}`, ...outputs, ...protos];
  await run(python, args, "remove .cache/interop/python");
  return folder;
}

/** Makes the virtual environment of the Python client; returns its Python. Throws a {@link ToolchainError}. */
export async function preparePython(): Promise<string> {
  const folder = join(cache, "python");
  const python = join(folder, "bin/python");
  const stamp = join(folder, "requirements.txt");
  const requirements = readFileSync(join(root, "test/interop/python/requirements.txt"), "utf8");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === requirements) return python;

  const install = "install Python 3.10 or newer with its venv (python3 and python3-venv on Debian)";
  rmSync(folder, { recursive: true, force: true });
  await run("python3", ["-m", "venv", folder], install);
  const file = join(root, "test/interop/python/requirements.txt");
  await run(python, ["-m", "pip", "install", "--quiet", "--no-deps", "--requirement", file], install, {
    PIP_CACHE_DIR: join(cache, "pip"),
    PIP_DISABLE_PIP_VERSION_CHECK: "1",
  });
  writeFileSync(stamp, requirements);
  return python;
}

function runBuf(...args: string[]): Promise<void> {
  return run(process.execPath, [join(root, "node_modules/@bufbuild/buf/bin/buf"), ...args], "run npm ci");
}

async function run(command: string, args: readonly string[], install: string, env: NodeJS.ProcessEnv = {}) {
  try {
    const options = { cwd: root, timeout: buildLimitMs, env: { ...process.env, ...env } };
    await promisify(execFile)(command, args, options);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") throw new ToolchainError(`${command} is missing: ${install}`);
    throw new ToolchainError(`${message.trim()}: ${install}`);
  }
}
