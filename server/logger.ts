import { destination, type Logger, pino } from "pino";
import pretty from "pino-pretty";
import type { Config } from "./config.ts";

/** How many bytes of lines that could not be written are kept, to be written with the next; further ones are lost. */
const maxUnwrittenBytes = 64 * 1024;

/**
 * Makes the log, on standard error: for people on a terminal, a JSON object a line otherwise. Lines that cannot be
 * written, because the disk is full or nobody reads any more, are lost; the server continues.
 *
 * @param fd the file descriptor; default: standard error
 */
export function createLogger({ logLevel, logFormat }: Pick<Config, "logLevel" | "logFormat">, fd = 2): Logger {
  const forPeople = logFormat === "pretty" || (logFormat === "auto" && process.stderr.isTTY);
  const written = destination({ dest: fd, sync: true, maxLength: maxUnwrittenBytes });
  // Without a listener each error would end the process.
  written.on("error", () => {});
  // Beyond the maximum it writes nothing more by itself, also when there is room again.
  written.on("drop", () => {
    try {
      written.flushSync();
    } catch {
      // There is still no room.
    }
  });
  const stream = forPeople
    ? pretty({
        destination: written,
        sync: true,
        ignore: "pid,hostname",
        translateTime: "HH:MM:ss.l",
        singleLine: true,
      })
    : written;
  return pino({ level: logLevel, base: undefined }, stream);
}
