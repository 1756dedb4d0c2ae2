import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { promisify } from "node:util";

/** A toolchain is missing or unusable. The message contains the package to install. */
export class ToolchainError extends Error {
  override name = "ToolchainError";
}

const root = join(import.meta.dirname, "../..");
const cache = join(root, ".cache/interop");

/** The time limit of a download or a build, for a slow machine. */
const buildLimitMs = 15 * 60_000;

/** The protos of the classic services, written independently of the server's protos. */
const classicProtos = "test/interop/classic-protos";

/** Creates a file with the descriptors of all services. Returns its path. */
export async function buildDescriptors(): Promise<string> {
  const path = join(cache, "descriptors.binpb");
  mkdirSync(cache, { recursive: true });
  await runBuf("build", "--as-file-descriptor-set", "--output", path);
  return path;
}

/** Builds the program of the Go clients. Returns its path. Throws a {@link ToolchainError}. */
export async function buildGoClients(): Promise<string> {
  const path = join(cache, "go-clients");
  await generateGoMessages();
  await goBuild(path, ".");
  return path;
}

/** Generates the messages and stubs of the classic services for Go, like a client of a tutorial. */
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
    // Keeps the module cache writable, so that the folder can be deleted.
    GOFLAGS: "-modcacherw -buildvcs=false",
  });
}

/** Generates the messages and stubs of the classic services for Python. Returns their folder. */
export async function generatePythonMessages(python: string): Promise<string> {
  const folder = join(cache, "python-messages");
  mkdirSync(folder, { recursive: true });
  const protos = readdirSync(join(root, classicProtos));
  const outputs = [`--python_out=${folder}`, `--grpc_python_out=${folder}`];
  const args = ["-m", "grpc_tools.protoc", `--proto_path=${classicProtos}`, ...outputs, ...protos];
  await run(python, args, "remove .cache/interop/python");
  return folder;
}

/** Creates the virtual environment of the Python client. Returns its Python. Throws a {@link ToolchainError}. */
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
