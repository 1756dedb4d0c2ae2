import type { Randomness } from "./randomness.ts";
import { testInstrument } from "./test-instrument.ts";

/** A company of the simulated market, none of which exists. */
export interface Company {
  readonly symbol: string;
  readonly name: string;
}

/** The company that every simulated market has, and that never falls silent. */
export const acme: Company = { symbol: "ACME", name: "Acme Corporation" };

const places = words(`Alder Amber Arctic Aspen Azure Basalt Birch Boreal Bramble Cedar Cobalt Coral Crimson Delta Dune
  Ember Falcon Fjord Garnet Glacier Granite Harbor Hazel Heron Indigo Iron Ivory Jade Juniper Kestrel Lagoon Larch
  Linden Lunar Maple Marble Meadow Mistral Nimbus Northern Oaken Obsidian Onyx Opal Orchard Osprey Pacific Pebble
  Pine Polar Prairie Quartz Raven River Rowan Saffron Sierra Silver Solar Southern Spruce Sterling Summit Sycamore
  Tidal Timber Topaz Tundra Umber Valley Velvet Violet Walnut Western Willow Winter Zenith Zephyr`);

const trades = words(`Aerospace Airlines Analytics Apparel Automation Bakeries Batteries Biotech Brands Cement Ceramics
  Chemicals Clinics Cloud Coffee Copper Cruises Dairy Diagnostics Dynamics Electric Energy Engines Farms Fibers Films
  Foods Freight Games Gas Genomics Glass Hotels Insurance Labs Lending Lighting Logistics Lumber Machines Materials
  Media Medical Metals Mills Mining Mobility Motors Networks Optics Packaging Paper Payments Pharma Plastics Power
  Rail Realty Robotics Salt Security Semiconductors Shipping Software Steel Storage Textiles Tools Toys Transit Water
  Wind`);

const forms = ["Inc.", "Group", "Holdings", "Corp.", "Partners", "International"];

/** Makes up companies, {@link acme} first. Symbols and names are unique; there are names for 30,000. */
export function simulatedCompanies(count: number, random: Randomness): Company[] {
  const companies = new Map([[acme.symbol, acme]]);
  const names = new Set([acme.name]);
  while (companies.size < count) {
    const [place, trade, form] = [pick(places, random), pick(trades, random), pick(forms, random)];
    const name = `${place} ${trade} ${form}`;
    if (names.has(name)) continue;
    names.add(name);
    const symbol = freeSymbol(place, trade, companies, random);
    companies.set(symbol, { symbol, name });
  }
  return [...companies.values()];
}

/** The name's own letters where they are free, and its first letters with others after them where they are not. */
function freeSymbol(place: string, trade: string, taken: ReadonlyMap<string, Company>, random: Randomness): string {
  const letters = `${place.slice(0, 2)}${trade.slice(0, 2)}`.toUpperCase();
  const wishes = [letters, `${letters[0]}${trade.slice(0, 3).toUpperCase()}`];
  const free = wishes.find((wish) => isFree(wish, taken));
  if (free !== undefined) return free;
  for (;;) {
    const symbol = `${letters.slice(0, 2)}${letter(random)}${letter(random)}`;
    if (isFree(symbol, taken)) return symbol;
    const other = `${letters[0]}${letter(random)}${letter(random)}${letter(random)}`;
    if (isFree(other, taken)) return other;
  }
}

function isFree(symbol: string, taken: ReadonlyMap<string, Company>): boolean {
  return symbol !== testInstrument.symbol && !taken.has(symbol);
}

function letter(random: Randomness): string {
  return String.fromCharCode(65 + random.below(26));
}

function pick(from: readonly string[], random: Randomness): string {
  return from[random.below(from.length)] ?? "";
}

function words(text: string): readonly string[] {
  return text.split(/\s+/);
}
