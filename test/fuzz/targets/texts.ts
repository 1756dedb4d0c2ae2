import { parseMemorySize } from "../../../client/product/parse-memory-size.ts";
import { isValidTimestamp } from "../../../client/shared/micro-time.ts";
import { formatMicroTime, parseMicroTime } from "../../../client/shared/micro-time-text.ts";
import { formatAmount, fromNanos, parseAmount, parseMoney, toNanos } from "../../../client/shared/money-text.ts";
import { formatTimestamp, parseTimestamp } from "../../../client/shared/timestamp-text.ts";
import { type FuzzTarget, invariant } from "../engine/fuzz-target.ts";

// Parsed amounts and times can be formatted, and the round trip returns the same value.

export const target: FuzzTarget = {
  maxBytes: 96,
  seeds: [
    "2013-01-01 22:00:00.295000+00:00",
    "2010-12-01T08:26:00Z",
    "0001-01-01T00:00:00+23:59",
    "Jan 1 2000",
    "-11062.060000000",
    "999999999999999999.999999999",
    "16 GiB",
    "-0.000000001",
  ].map((text) => Buffer.from(text)),
  run(input) {
    const text = input.toString("utf8");
    const time = parseMicroTime(text);
    if (time !== undefined) same(parseMicroTime(formatMicroTime(time)), time, text);
    const instant = parseTimestamp(text);
    if (instant !== undefined) {
      invariant(isValidTimestamp(instant), `${text} is outside of the range of Timestamp`);
      const again = parseTimestamp(formatTimestamp(instant));
      same(again?.seconds, instant.seconds, text);
      same(again?.nanos, instant.nanos, text);
    }
    const amount = parseAmount(text);
    if (amount !== undefined) {
      const again = parseAmount(formatAmount(amount));
      same(again?.units, amount.units, text);
      same(again?.nanos, amount.nanos, text);
      same(fromNanos(toNanos(amount)).nanos, amount.nanos, text);
      const signs = [amount.units < 0n, amount.nanos < 0].some(Boolean) && (amount.units > 0n || amount.nanos > 0);
      invariant(!signs, `${text} has units and nanos of different signs`);
    }
    const money = orFormatError(() => parseMoney(text, "EUR"));
    if (money !== undefined) invariant((money.units ?? 0n) >= 0n && (money.nanos ?? 0) >= 0, `${text} is negative`);
    const memory = orFormatError(() => parseMemorySize(text));
    if (memory !== undefined) invariant((memory.value ?? 0n) < 2n ** 64n, `${text} does not fit`);
  },
};

function same<T>(again: T | undefined, value: T, text: string): void {
  invariant(Object.is(again, value), `${JSON.stringify(text)} is ${value}, and ${again} after the round trip`);
}

/** Returns undefined after an error, which must contain the expected format. */
function orFormatError<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    invariant(error instanceof Error && /^expected /.test(error.message), () => String(error));
    return undefined;
  }
}
