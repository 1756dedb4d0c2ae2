import { recall, remember } from "../../shared/storage.ts";

/** How many symbols are watched where the user has chosen none. */
export const defaultCount = 20;

/** More rows than this cannot be followed by eye, and each costs work at every frame. */
export const maxSymbols = 100;

const storageKey = "bourse.watchlist";
const firstSymbol = "ACME";

/** What became of a wish to add a symbol. */
export type Added = "added" | "present" | "full";

/** The symbols that the page watches: those the user has chosen, which the browser remembers, or a default set. */
export class Watchlist {
  #chosen: readonly string[] | undefined = parseSymbols(recall(storageKey));
  #defaults: readonly string[] = [];

  /** The symbols in the order in which they are shown. The same array until it changes. */
  readonly symbols = (): readonly string[] => this.#chosen ?? this.#defaults;

  /** Whether the user has chosen the symbols. */
  isChosen(): boolean {
    return this.#chosen !== undefined;
  }

  /** Takes all symbols that there are, for the default set. */
  offer(symbols: readonly string[]): void {
    const defaults = defaultSymbols(symbols);
    if (defaults.join("\n") !== this.#defaults.join("\n")) this.#defaults = defaults;
  }

  /** Adds a symbol in front. */
  add(symbol: string): Added {
    const symbols = this.symbols();
    if (symbols.includes(symbol)) return "present";
    if (symbols.length >= maxSymbols) return "full";
    this.#choose([symbol, ...symbols]);
    return "added";
  }

  /** Takes a symbol away. */
  remove(symbol: string): void {
    this.#choose(this.symbols().filter((other) => other !== symbol));
  }

  /** Forgets what the user has chosen. */
  reset(): void {
    this.#choose(undefined);
  }

  #choose(symbols: readonly string[] | undefined): void {
    this.#chosen = symbols;
    remember(storageKey, symbols === undefined ? undefined : JSON.stringify(symbols));
  }
}

/** Takes the default set out of all symbols: ACME first where there is one, the others spread over the whole list. */
export function defaultSymbols(all: readonly string[]): readonly string[] {
  const others = all.filter((symbol) => symbol !== firstSymbol);
  const first = others.length < all.length ? [firstSymbol] : [];
  const count = Math.min(others.length, defaultCount - first.length);
  return [...first, ...others.filter((_, index) => startsShare(index, count, others.length))];
}

// Of `length` items in `count` equal shares, those with which a share begins.
function startsShare(index: number, count: number, length: number): boolean {
  return index === 0 || Math.floor((index * count) / length) > Math.floor(((index - 1) * count) / length);
}

/** Reads symbols from the JSON text in which they are remembered. Undefined where it is no such text. */
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
