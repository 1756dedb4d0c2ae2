import type { MicroTime } from "../shared/micro-time.ts";

/** The longest symbol, in bytes of UTF-8. */
export const maxSymbolBytes = 64;

/**
 * The complete state of one instrument at one moment, before it has a position in the log. Prices are in the currency
 * of the instrument, sizes in units of it. A field is absent if its source does not have it.
 */
export interface Tick {
  readonly symbol: string;
  readonly sourceTime: MicroTime;
  readonly bid?: number;
  readonly ask?: number;
  readonly bidSize?: bigint;
  readonly askSize?: bigint;
  readonly last?: number;
  readonly lastSize?: bigint;
  readonly volume?: bigint;
  readonly open?: number;
  readonly high?: number;
  readonly low?: number;
  readonly previousClose?: number;
  /** The sequence number at the source. It grows with each tick of the instrument. */
  readonly sourceSeq?: bigint;
}

/** Whether a text is a valid symbol. `*` is not: in requests it selects all instruments. */
export function isSymbol(text: string): boolean {
  if (text === "*") return false;
  const bytes = new TextEncoder().encode(text).length;
  return bytes > 0 && bytes <= maxSymbolBytes;
}
