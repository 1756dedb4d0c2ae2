import { create } from "@bufbuild/protobuf";
import { type Instrument, InstrumentSchema } from "../../../gen/bourse/quote/v1/quote_pb.ts";
import type { Random } from "../../shared/seeded-random.ts";
import { testInstrument } from "./test-symbol-quotes.ts";

/** A company of the simulated market. All of them are fictitious. */
interface Company {
  readonly symbol: string;
  readonly name: string;
}

/** The company that every simulated market has, and that ticks at least once a second. */
export const acme: Company = { symbol: "ACME", name: "Acme Corporation" };

/** An instrument of the simulated market with the parameters of its price process. */
export interface SimulatedInstrument {
  readonly instrument: Instrument;
  /** The price to which the process reverts, in units of the currency. */
  readonly meanPrice: number;
  /** The number of price steps in a unit of the currency. A whole number, so that prices are exact decimals. */
  readonly ticksPerUnit: number;
  /** The smallest amount that is traded. */
  readonly lotSize: number;
}

const lowestPrice = 3;
const highestPrice = 4_500;

const places = splitNames(`Alder Amber Arctic Aspen Azure Basalt Birch Boreal Bramble Cedar Cobalt Coral Crimson Delta
  Dune Ember Falcon Fjord Garnet Glacier Granite Harbor Hazel Heron Indigo Iron Ivory Jade Juniper Kestrel Lagoon Larch
  Linden Lunar Maple Marble Meadow Mistral Nimbus Northern Oaken Obsidian Onyx Opal Orchard Osprey Pacific Pebble
  Pine Polar Prairie Quartz Raven River Rowan Saffron Sierra Silver Solar Southern Spruce Sterling Summit Sycamore
  Tidal Timber Topaz Tundra Umber Valley Velvet Violet Walnut Western Willow Winter Zenith Zephyr`);

const trades = splitNames(`Aerospace Airlines Analytics Apparel Automation Bakeries Batteries Biotech Brands Cement
  Ceramics Chemicals Clinics Cloud Coffee Copper Cruises Dairy Diagnostics Dynamics Electric Energy Engines Farms Fibers
  Films Foods Freight Games Gas Genomics Glass Hotels Insurance Labs Lending Lighting Logistics Lumber Machines
  Materials Media Medical Metals Mills Mining Mobility Motors Networks Optics Packaging Paper Payments Pharma Plastics
  Power Rail Realty Robotics Salt Security Semiconductors Shipping Software Steel Storage Textiles Tools Toys Transit
  Water Wind`);

const forms = ["Inc.", "Group", "Holdings", "Corp.", "Partners", "International"];

/** Makes the instruments of a market, {@link acme} first. Symbols and names are unique; there are names for 30,000. */
export function simulateInstruments(count: number, random: Random): SimulatedInstrument[] {
  return simulateCompanies(count, random).map((company) => listCompany(company, random));
}

function simulateCompanies(count: number, random: Random): Company[] {
  const companies = new Map([[acme.symbol, acme]]);
  const names = new Set([acme.name]);
  while (companies.size < count) {
    const [place, trade, form] = [pick(places, random), pick(trades, random), pick(forms, random)];
    const name = `${place} ${trade} ${form}`;
    if (names.has(name)) continue;
    names.add(name);
    const symbol = chooseSymbol(place, trade, companies, random);
    companies.set(symbol, { symbol, name });
  }
  return [...companies.values()];
}

/** Takes letters of the name if that symbol is free, else its first letters and random ones. */
function chooseSymbol(place: string, trade: string, taken: ReadonlyMap<string, Company>, random: Random): string {
  const letters = `${place.slice(0, 2)}${trade.slice(0, 2)}`.toUpperCase();
  const preferred = [letters, `${letters[0]}${trade.slice(0, 3).toUpperCase()}`];
  const free = preferred.find((symbol) => isFree(symbol, taken));
  if (free !== undefined) return free;
  for (;;) {
    const symbol = `${letters.slice(0, 2)}${pickLetter(random)}${pickLetter(random)}`;
    if (isFree(symbol, taken)) return symbol;
    const other = `${letters[0]}${pickLetter(random)}${pickLetter(random)}${pickLetter(random)}`;
    if (isFree(other, taken)) return other;
  }
}

function isFree(symbol: string, taken: ReadonlyMap<string, Company>): boolean {
  return symbol !== testInstrument.symbol && !taken.has(symbol);
}

/** Makes the instrument of a company, at a price from a few to a few thousand dollars, most of them below a hundred. */
function listCompany(company: Company, random: Random): SimulatedInstrument {
  const drawn = Math.exp(Math.log(60) + 1.1 * random.normal());
  const meanPrice = company === acme ? 120 : Math.min(highestPrice, Math.max(lowestPrice, drawn));
  const { ticksPerUnit, lotSize } = tradingUnits(meanPrice);
  const instrument = create(InstrumentSchema, {
    ...company,
    currency: "USD",
    tickSize: 1 / ticksPerUnit,
    lotSize: BigInt(lotSize),
  });
  return { instrument, meanPrice, ticksPerUnit, lotSize };
}

/** Price steps of 0.5 to 5 basis points of the price, and lots of a few thousand dollars. */
function tradingUnits(price: number): { ticksPerUnit: number; lotSize: number } {
  if (price < 5) return { ticksPerUnit: 1000, lotSize: 100 };
  if (price < 20) return { ticksPerUnit: 200, lotSize: 100 };
  if (price < 200) return { ticksPerUnit: 100, lotSize: 100 };
  if (price < 1000) return { ticksPerUnit: 20, lotSize: 10 };
  return { ticksPerUnit: 4, lotSize: 1 };
}

function pickLetter(random: Random): string {
  return String.fromCharCode(65 + random.below(26));
}

function pick(from: readonly string[], random: Random): string {
  return from[random.below(from.length)] ?? "";
}

function splitNames(text: string): readonly string[] {
  return text.split(/\s+/);
}
