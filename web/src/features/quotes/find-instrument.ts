import type { Instrument } from "../../../../gen/bourse/quote/v1/quote_pb.ts";

/** The maximum number of suggestions in the list. */
export const maxSuggestions = 30;

/** Returns the instruments that match a text: by a prefix of the symbol, then by a part of the name. */
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
 * Returns the only instrument that matches a text: by exact symbol, by symbol or name without regard to case, or as the
 * only suggestion. Returns undefined if there is none or more than one.
 */
export function findInstrument(instruments: ReadonlyMap<string, Instrument>, text: string): Instrument | undefined {
  const wanted = text.trim();
  const exact = instruments.get(wanted);
  if (exact !== undefined) return exact;
  const suggestions = suggestInstruments(instruments.values(), wanted);
  const lower = wanted.toLowerCase();
  const equal = suggestions.filter(
    ({ symbol, name }) => symbol.toLowerCase() === lower || name.toLowerCase() === lower,
  );
  if (equal.length === 1) return equal[0];
  return suggestions.length === 1 ? suggestions[0] : undefined;
}
