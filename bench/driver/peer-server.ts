import { type ChildProcessByStdio, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { npmStartNodeFlags } from "../../test/node-flags.ts";
import type { Peer, PeerName } from "../peers/peers.ts";
import { type Cores, onCore } from "./cores.ts";
import { benchFolder, builtFolder, projectFolder } from "./folders.ts";

/** The time limits for the start of a peer and for its response to a command. */
const answerTimeoutMs = 30_000;

/** The memory of a peer after a garbage collection. */
export interface PeerMemory {
  /** The resident memory of the process, in bytes. */
  readonly rssBytes: number;
  /** The memory of the objects and of their buffers, in bytes. */
  readonly heapBytes: number;
}

/** A running peer. Disposing of it ends its process. */
export class PeerServer implements AsyncDisposable {
  readonly peer: Peer;
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;
  readonly #exited: Promise<void>;
  /** The folder for its files. It is on a disk, because the folder for temporary files can be in memory. */
  readonly #folder: string;
  #port = 0;

  private constructor(peer: Peer, cores: Cores) {
    const [command = "", ...args] = onCore(cores, "server", commandOf(peer));
    this.peer = peer;
    mkdirSync(builtFolder, { recursive: true });
    this.#folder = mkdtempSync(join(builtFolder, "peer-"));
    const env = { ...process.env, BENCH_FOLDER: this.#folder };
    this.#process = spawn(command, args, { cwd: projectFolder, env, stdio: ["pipe", "pipe", "inherit"] });
    // A crashed peer reads no commands.
    this.#process.stdin.on("error", () => {});
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
    this.#exited = new Promise((resolve) => {
      this.#process.once("exit", () => resolve());
      this.#process.once("error", () => resolve());
    });
  }

  /** Starts a peer. Rejects if the peer does not print its address in time. */
  static async start(peer: Peer, cores: Cores): Promise<PeerServer> {
    const server = new PeerServer(peer, cores);
    try {
      server.#port = Number(await server.#answer("LISTENING "));
      return server;
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The address, as HOST:PORT. */
  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** Returns the size of the peer's heap after a garbage collection. */
  async memory(): Promise<PeerMemory> {
    this.#process.stdin.write("memory\n");
    return JSON.parse(await this.#answer("MEMORY "));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#exited;
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #answer(prefix: string): Promise<string> {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(new Error(`the peer ${this.peer.name} does not respond`)), answerTimeoutMs);
    try {
      const { value, done } = await Promise.race([this.#lines.next(), late]);
      if (done || !value.startsWith(prefix)) throw new Error(`the peer ${this.peer.name} has ended`);
      return value.slice(prefix.length);
    } finally {
      clearTimeout(timer);
    }
  }
}

function commandOf({ name, language }: Peer): readonly string[] {
  switch (language) {
    case "go":
      return [join(builtFolder, name)];
    case "typescript":
      // The peer calls gc() only before it measures memory.
      return [process.execPath, "--expose-gc", ...flagsOf(name), join(benchFolder, "peers", name, "server.ts")];
  }
}

/** Returns the Node flags of `npm start` for `ours`, and none for the other peers. */
function flagsOf(name: PeerName): readonly string[] {
  return name === "ours" ? npmStartNodeFlags : [];
}
