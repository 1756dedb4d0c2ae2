import { create } from "@bufbuild/protobuf";
import { type Instrument, InstrumentSchema } from "../../../gen/bourse/quote/v1/quote_pb.ts";
import type { Randomness } from "./randomness.ts";
import { acme, type Company } from "./simulated-company.ts";

/** An instrument of the simulated market with what its price process needs. */
export interface SimulatedInstrument {
  readonly instrument: Instrument;
  /** The price that it swings around, in units of its currency. */
  readonly homePrice: number;
  /** The number of price steps in a unit of the currency. Whole, so that prices are exact decimals. */
  readonly ticksPerUnit: number;
  /** The smallest amount that is traded. */
  readonly lotSize: number;
}

const lowestPrice = 3;
const highestPrice = 4_500;

/** Lists a company, at a price between some and some thousand dollars, most of them below a hundred. */
export function simulatedInstrument(company: Company, random: Randomness): SimulatedInstrument {
  const drawn = Math.exp(Math.log(60) + 1.1 * random.normal());
  const homePrice = company === acme ? 120 : Math.min(highestPrice, Math.max(lowestPrice, drawn));
  const { ticksPerUnit, lotSize } = tradingUnits(homePrice);
  const instrument = create(InstrumentSchema, {
    ...company,
    currency: "USD",
    tickSize: 1 / ticksPerUnit,
    lotSize: BigInt(lotSize),
  });
  return { instrument, homePrice, ticksPerUnit, lotSize };
}

/** Price steps of 0.5 to 5 basis points of the price, and lots of some thousand dollars. */
function tradingUnits(price: number): { ticksPerUnit: number; lotSize: number } {
  if (price < 5) return { ticksPerUnit: 1000, lotSize: 100 };
  if (price < 20) return { ticksPerUnit: 200, lotSize: 100 };
  if (price < 200) return { ticksPerUnit: 100, lotSize: 100 };
  if (price < 1000) return { ticksPerUnit: 20, lotSize: 10 };
  return { ticksPerUnit: 4, lotSize: 1 };
}
