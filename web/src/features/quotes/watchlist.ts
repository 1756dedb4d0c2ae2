import { readItem, writeItem } from "../../shared/local-storage.ts";

/** The number of symbols in the default watchlist. */
export const defaultCount = 20;

/** The maximum number of symbols: each row costs rendering time in every frame. */
export const maxSymbols = 100;

const storageKey = "bourse.watchlist";
const firstSymbol = "ACME";

/** The result of adding a symbol. */
export type AddResult = "added" | "present" | "full";

/** The watched symbols: a list of the user, which is stored in the browser, or a default list. */
export class Watchlist {
  #custom: readonly string[] | undefined = parseSymbols(readItem(storageKey));
  #defaults: readonly string[] = [];

  /** Returns the symbols in the order of the table: the same array until it changes. */
  readonly symbols = (): readonly string[] => this.#custom ?? this.#defaults;

  /** Whether the user has changed the list. */
  isCustom(): boolean {
    return this.#custom !== undefined;
  }

  /** Sets all existing symbols, from which the default list is made. */
  setAll(symbols: readonly string[]): void {
    const defaults = defaultSymbols(symbols);
    if (defaults.join("\n") !== this.#defaults.join("\n")) this.#defaults = defaults;
  }

  /** Adds a symbol at the front. */
  add(symbol: string): AddResult {
    const symbols = this.symbols();
    if (symbols.includes(symbol)) return "present";
    if (symbols.length >= maxSymbols) return "full";
    this.#setCustom([symbol, ...symbols]);
    return "added";
  }

  /** Removes a symbol. */
  remove(symbol: string): void {
    this.#setCustom(this.symbols().filter((other) => other !== symbol));
  }

  /** Restores the default list. */
  reset(): void {
    this.#setCustom(undefined);
  }

  #setCustom(symbols: readonly string[] | undefined): void {
    this.#custom = symbols;
    writeItem(storageKey, symbols === undefined ? undefined : JSON.stringify(symbols));
  }
}

/** Returns the default list: ACME first if it exists, and others spread evenly over all symbols. */
export function defaultSymbols(all: readonly string[]): readonly string[] {
  const others = all.filter((symbol) => symbol !== firstSymbol);
  const first = others.length < all.length ? [firstSymbol] : [];
  const count = Math.min(others.length, defaultCount - first.length);
  return [...first, ...others.filter((_, index) => startsPart(index, count, others.length))];
}

// Divides `length` items into `count` equal parts. Returns whether a part starts at `index`.
function startsPart(index: number, count: number, length: number): boolean {
  return index === 0 || Math.floor((index * count) / length) > Math.floor(((index - 1) * count) / length);
}

/** Parses stored symbols. Returns undefined for an invalid text. */
export function parseSymbols(text: string | undefined): readonly string[] | undefined {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (!Array.isArray(value)) return undefined;
    const symbols = value.filter((item) => typeof item === "string" && item !== "");
    return [...new Set<string>(symbols)].slice(0, maxSymbols);
  } catch {
    return undefined;
  }
}
