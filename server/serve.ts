import { isIP } from "node:net";
import { createApp } from "./app.ts";
import type { Config } from "./config/config.ts";
import { createLogger } from "./logging/logger.ts";
import { collectGarbageOnce, tuneGarbageCollection } from "./transport/protection/tune-garbage-collection.ts";
import { version } from "./version.ts";

/** The exit codes of a server. After a second signal it is 128 plus the number of the signal, as in shells. */
const exitCodes = { clean: 0, callsClosed: 1, notStarted: 1 } as const;

/** A signal to a process group arrives twice, once through npm: only a signal after this time, in ms, is a second one. */
const secondSignalAfterMs = 1_000;

const signalNumbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

/**
 * Runs a server until a signal, as the whole process: prints its address, handles signals, and sets the exit code.
 * Resolves when the server has started, or if it cannot start.
 */
export async function serve(config: Config): Promise<void> {
  tuneGarbageCollection();
  const log = createLogger(config);
  let app: Awaited<ReturnType<typeof createApp>>;
  try {
    app = await createApp(config, log);
  } catch (error) {
    log.debug({ err: error }, "not started");
    process.stderr.write(`${startProblem(error, config)}\n`);
    process.exitCode = exitCodes.notStarted;
    return;
  }
  if (!isLoopback(config.host)) {
    log.warn(
      { host: config.host },
      "OTHER MACHINES CAN REACH THIS SERVER, AND IT HAS NO AUTHENTICATION: use --host 127.0.0.1",
    );
  }

  let shutdownStart: number | undefined;
  const onSignal = async (signal: keyof typeof signalNumbers) => {
    if (shutdownStart === undefined) {
      shutdownStart = performance.now();
      log.info({ signal, graceMs: config.graceMs }, "shutting down");
      const clean = await app.close();
      log.info({ clean }, clean ? "stopped" : "stopped; calls that outlasted the grace period were closed");
      process.exit(clean ? exitCodes.clean : exitCodes.callsClosed);
    }
    if (performance.now() - shutdownStart >= secondSignalAfterMs) process.exit(128 + signalNumbers[signal]);
  };
  // The reader of the line below may close the pipe; without a listener the error would end the process.
  process.stdout.on("error", () => {});
  for (const signal of Object.keys(signalNumbers)) process.on(signal, onSignal);
  collectGarbageOnce();
  // Printed last: a supervisor that reads this line may send a signal at once.
  process.stdout.write(`Bourse ${version} is up: ${app.url}\n`);
}

function startProblem(error: unknown, { host, port }: Config): string {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case "EADDRINUSE":
      return `port ${port} of ${host} is in use: stop the other program, or choose another port with --port`;
    case "EACCES":
      return `this user may not listen on port ${port} of ${host}: choose a port above 1023 with --port`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return `${host} is not an address of this machine: choose another with --host`;
    default:
      return `not started: ${message}`;
  }
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}
