import type { MicroTime } from "../shared/micro-time.ts";

/** The longest symbol, in bytes of UTF-8: the longest that a client may ask for. */
export const maxSymbolBytes = 64;

/**
 * The whole state of one instrument at one moment, without a place in a log. Prices are in units of the instrument's
 * currency, sizes in units of the instrument; what is absent its source does not have.
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
  /** Its number at the source, which grows with every tick of the instrument. */
  readonly sourceSeq?: bigint;
}

/** Whether a text can be a symbol. `*` cannot: where symbols are asked for, it stands for all of them. */
export function isSymbol(text: string): boolean {
  if (text === "*") return false;
  const bytes = new TextEncoder().encode(text).length;
  return bytes > 0 && bytes <= maxSymbolBytes;
}
