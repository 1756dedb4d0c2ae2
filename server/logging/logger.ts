import { type Logger, pino } from "pino";
import pretty from "pino-pretty";
import type { Config } from "../config/config.ts";
import { LogDestination } from "./log-destination.ts";

/**
 * Creates the log on standard error: readable lines on a terminal, one JSON object per line otherwise.
 *
 * @param fd the file descriptor; default: standard error
 */
export function createLogger({ logLevel, logFormat }: Pick<Config, "logLevel" | "logFormat">, fd = 2): Logger {
  const isPretty = logFormat === "pretty" || (logFormat === "auto" && process.stderr.isTTY);
  const destination = new LogDestination(fd);
  const stream = isPretty
    ? pretty({ destination, sync: true, ignore: "pid,hostname", translateTime: "HH:MM:ss.l", singleLine: true })
    : destination;
  return pino({ level: logLevel, base: undefined }, stream);
}
