import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { startBourse } from "../start-bourse.ts";

/** The servers for one client, in separate processes. */
export interface InteropServers extends AsyncDisposable {
  /** The addresses of the servers, as environment variables of the client. */
  readonly environment: Readonly<Record<string, string>>;
}

const wireServerFile = join(import.meta.dirname, "interop-server.ts");

/** Starts a complete Bourse with flags, and a server of the wire service. Disposing of them kills both. */
export async function startInteropServers(flags: readonly string[] = []): Promise<InteropServers> {
  await using started = new AsyncDisposableStack();
  const bourse = started.use(await startBourse(["--log-level", "warn", ...flags]));
  const wire = started.use(await startWireProcess());
  const all = started.move();
  return {
    environment: {
      INTEROP_WIRE: `127.0.0.1:${wire.port}`,
      INTEROP_PROXY: `127.0.0.1:${wire.proxyPort}`,
      INTEROP_BOURSE: new URL(bourse.url).host,
      INTEROP_BOURSE_PID: String(bourse.process.pid),
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

interface WireProcess extends AsyncDisposable {
  readonly port: string;
  readonly proxyPort: string;
}

async function startWireProcess(): Promise<WireProcess> {
  const child = spawn(process.execPath, [wireServerFile], { stdio: ["ignore", "pipe", "inherit"] });
  const closed = once(child, "close");
  for await (const line of createInterface(child.stdout)) {
    const [port = "", proxyPort = ""] = line.split(" ");
    return {
      port,
      proxyPort,
      async [Symbol.asyncDispose]() {
        child.kill("SIGKILL");
        await closed;
      },
    };
  }
  throw new Error("the server of the wire service ended before it printed its ports");
}
