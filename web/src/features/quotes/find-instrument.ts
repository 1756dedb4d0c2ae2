import type { Instrument } from "../../../../gen/bourse/quote/v1/quote_pb.ts";

/** A longer list of suggestions is not read. */
export const maxSuggestions = 30;

/** The instruments that a text may mean: symbols that begin with it, then names that have it. Empty for an empty text. */
export function suggestInstruments(instruments: Iterable<Instrument>, text: string): readonly Instrument[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === "") return [];
  const bySymbol: Instrument[] = [];
  const byName: Instrument[] = [];
  for (const instrument of instruments) {
    if (instrument.symbol.toLowerCase().startsWith(wanted)) bySymbol.push(instrument);
    else if (instrument.name.toLowerCase().includes(wanted)) byName.push(instrument);
  }
  return [...bySymbol, ...byName].slice(0, maxSuggestions);
}

/**
 * The one instrument that a text names: by its symbol, else by its symbol or name in any case, else as the only one
 * that is suggested. Undefined where none or several would be meant.
 */
export function findInstrument(instruments: ReadonlyMap<string, Instrument>, text: string): Instrument | undefined {
  const wanted = text.trim();
  const exact = instruments.get(wanted);
  if (exact !== undefined) return exact;
  const suggestions = suggestInstruments(instruments.values(), wanted);
  const lower = wanted.toLowerCase();
  const named = suggestions.filter(
    ({ symbol, name }) => symbol.toLowerCase() === lower || name.toLowerCase() === lower,
  );
  if (named.length === 1) return named[0];
  return suggestions.length === 1 ? suggestions[0] : undefined;
}
