import { destination, type Logger, pino } from "pino";
import pretty from "pino-pretty";
import type { Config } from "./config.ts";

/** Makes the log, on standard error: for people on a terminal, a JSON object a line otherwise. */
export function createLogger({ logLevel, logFormat }: Pick<Config, "logLevel" | "logFormat">): Logger {
  const forPeople = logFormat === "pretty" || (logFormat === "auto" && process.stderr.isTTY);
  const stream = forPeople
    ? pretty({ destination: 2, sync: true, ignore: "pid,hostname", translateTime: "HH:MM:ss.l", singleLine: true })
    : destination({ dest: 2, sync: true });
  return pino({ level: logLevel, base: undefined }, stream);
}
