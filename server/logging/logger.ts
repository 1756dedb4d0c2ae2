import { type Logger, pino } from "pino";
import pretty from "pino-pretty";
import type { Config } from "../config/config.ts";
import { LogDestination } from "./log-destination.ts";

/**
 * Makes the log, on standard error: for people on a terminal, a JSON object a line otherwise.
 *
 * @param fd the file descriptor; default: standard error
 */
export function createLogger({ logLevel, logFormat }: Pick<Config, "logLevel" | "logFormat">, fd = 2): Logger {
  const forPeople = logFormat === "pretty" || (logFormat === "auto" && process.stderr.isTTY);
  const destination = new LogDestination(fd);
  const stream = forPeople
    ? pretty({ destination, sync: true, ignore: "pid,hostname", translateTime: "HH:MM:ss.l", singleLine: true })
    : destination;
  return pino({ level: logLevel, base: undefined }, stream);
}
