import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { isSymbol, maxSymbolBytes } from "../../client/quote/tick.ts";
import { testInstrument } from "../quote/feed/test-symbol-quotes.ts";
import { isHostPattern, isOriginPattern } from "../transport/protection/host-patterns.ts";

// The parsers of settings. Each throws an error that states the valid values; the caller appends `, not "…"`.

/** Returns a parser of whole numbers from `min` to `max`. */
export function wholeNumber(min: number, max: number): (raw: string) => number {
  return (raw) => {
    const number = Number(raw);
    if (!/^\d+$/.test(raw) || number < min || number > max) {
      throw new Error(`expected a whole number from ${min} to ${max}`);
    }
    return number;
  };
}

/** Parses a text that is not blank. */
export function nonEmpty(raw: string): string {
  if (raw.trim() === "") throw new Error("expected a value");
  return raw;
}

/** Returns a parser of the allowed texts. */
export function oneOf<const T extends string>(...allowed: T[]): (raw: string) => T {
  return (raw) => {
    const found = allowed.find((each) => each === raw);
    if (found === undefined) throw new Error(`expected one of ${allowed.join(", ")}`);
    return found;
  };
}

/** Parses `simulated` or `replay:FILE`. The file must exist. */
export function parseFeed(raw: string): { kind: "simulated" } | { kind: "replay"; file: string } {
  if (raw === "simulated") return { kind: "simulated" };
  const file = raw.startsWith("replay:") ? raw.slice("replay:".length) : "";
  if (file === "") throw new Error("expected simulated or replay:FILE");
  return { kind: "replay", file: existingFile(file) };
}

/** Parses symbols of instruments, separated by commas. */
export function parseSymbols(raw: string): string[] {
  const symbols = raw.split(",").map((symbol) => symbol.trim());
  const isTaken = symbols.length > new Set(symbols).size || symbols.includes(testInstrument.symbol);
  if (isTaken || !symbols.every(isSymbol)) {
    const reserved = `not ${testInstrument.symbol} or *`;
    throw new Error(`expected symbols of 1 to ${maxSymbolBytes} bytes, separated by commas (each once; ${reserved})`);
  }
  return symbols;
}

/** Parses a number above 0, or `max`, which is infinity. */
export function parseSpeed(raw: string): number {
  if (raw === "max") return Number.POSITIVE_INFINITY;
  const speed = Number(raw);
  if (raw.trim() === "" || !Number.isFinite(speed) || speed <= 0) throw new Error("expected a number above 0, or max");
  return speed;
}

/** Parses `true`, `1`, `yes` or `on`, and `false`, `0`, `no` or `off`. */
export function parseBoolean(raw: string): boolean {
  if (["true", "1", "yes", "on"].includes(raw)) return true;
  if (["false", "0", "no", "off"].includes(raw)) return false;
  throw new Error("expected true or false");
}

/**
 * The maximum grace period and the maximum interval between messages, in seconds. With a longer one a server seems to
 * hang.
 */
const maxSeconds = 3_600;

/** Parses seconds. Returns milliseconds. */
export function parseSeconds(raw: string): number {
  const seconds = Number(raw);
  if (raw.trim() === "" || !(seconds >= 0 && seconds <= maxSeconds)) {
    throw new Error(`expected a number of seconds from 0 to ${maxSeconds}`);
  }
  return seconds * 1_000;
}

/** Parses a share: above 0, and up to 1. */
export function parseShare(raw: string): number {
  const share = Number(raw);
  if (raw.trim() === "" || !(share > 0 && share <= 1)) throw new Error("expected a number above 0 and up to 1");
  return share;
}

/** Parses the path of an existing file. Returns the absolute path. */
export function existingFile(raw: string): string {
  const file = resolve(nonEmpty(raw));
  if (!existsSync(file)) throw new Error(`expected an existing file (there is no ${file})`);
  return file;
}

/** Parses host names without ports, separated by commas. */
export function parseHosts(raw: string): string[] {
  const hosts = raw.split(",").map((host) => host.trim().toLowerCase());
  if (!hosts.every(isHostPattern)) {
    throw new Error(
      "expected host names such as bourse.example.org, *.example.org or *, without a port and separated by commas",
    );
  }
  return hosts;
}

/** Parses patterns of origins, separated by commas. */
export function parseOrigins(raw: string): string[] {
  const origins = raw.split(",").map((origin) => origin.trim());
  if (!origins.every(isOriginPattern)) {
    throw new Error(
      "expected origins such as https://example.org, http://localhost:3000, https://*.example.org or *, separated by commas",
    );
  }
  return origins;
}
