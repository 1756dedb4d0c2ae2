import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { createApp } from "./app.ts";
import { readCommandLine } from "./config/command-line.ts";
import { type Config, ConfigError } from "./config/config.ts";
import { createLogger } from "./logging/logger.ts";
import { collectGarbageOnce, tuneGarbageCollection } from "./transport/protection/tune-garbage-collection.ts";

/** How the process ends; after a second signal with 128 and the signal's number, as shells expect. */
const exitCodes = { ended: 0, cutOff: 1, notStarted: 1, wrongSettings: 2 } as const;

/** A signal to a whole process group arrives twice, once through npm: only a later one is a second. */
const secondSignalAfterMs = 1_000;

const signalNumbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
  version: string;
};

tuneGarbageCollection();

const config = readSettings();
if (config !== undefined) await serve(config);

function readSettings(): Config | undefined {
  try {
    const commandLine = readCommandLine(process.argv.slice(2), process.env, version);
    if (commandLine.kind === "serve") return commandLine.config;
    process.stdout.write(commandLine.text);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const problem of error.problems) process.stderr.write(`${problem}\n`);
    process.stderr.write("npm start -- --help lists all settings\n");
    process.exitCode = exitCodes.wrongSettings;
  }
  return undefined;
}

async function serve(config: Config): Promise<void> {
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
      "OTHERS CAN REACH THIS SERVER, AND THERE IS NO AUTHENTICATION: use --host 127.0.0.1",
    );
  }

  let endingSince: number | undefined;
  const onSignal = async (signal: keyof typeof signalNumbers) => {
    if (endingSince === undefined) {
      endingSince = performance.now();
      log.info({ signal, graceMs: config.graceMs }, "shutting down");
      const clean = await app.close();
      log.info({ clean }, clean ? "ended" : "ended; calls that took too long were cut off");
      process.exit(clean ? exitCodes.ended : exitCodes.cutOff);
    }
    if (performance.now() - endingSince >= secondSignalAfterMs) process.exit(128 + signalNumbers[signal]);
  };
  // Whoever has read the line below may close the pipe; without a listener an error would end the process.
  process.stdout.on("error", () => {});
  for (const signal of Object.keys(signalNumbers)) process.on(signal, onSignal);
  collectGarbageOnce();
  // Last: whoever reads it may send a signal at once.
  process.stdout.write(`Bourse ${version} is up: ${app.url}\n`);
}

function startProblem(error: unknown, { host, port }: Config): string {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case "EADDRINUSE":
      return `port ${port} of ${host} is taken: stop what listens there, or choose another with --port`;
    case "EACCES":
      return `port ${port} of ${host} is not for this user: choose one above 1023 with --port`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return `${host} is no address of this machine: choose another with --host`;
    default:
      return `not started: ${message}`;
  }
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}
