import type { MessageInitShape } from "@bufbuild/protobuf";
import type { MoneySchema } from "../gen/google/type/money_pb.ts";

/**
 * Reads an amount such as `49.90` exactly, with up to nine decimal places.
 *
 * Throws an error whose message says what would be right, to be followed by "not …".
 */
export function parseMoney(text: string, currencyCode: string): MessageInitShape<typeof MoneySchema> {
  const [, units = "", decimals = ""] = /^(\d{1,19})(?:\.(\d{1,9}))?$/.exec(text.trim()) ?? [];
  if (units === "" || BigInt(units) > maxUnits) {
    throw new Error("an amount such as 49.90, not negative and with at most nine decimal places, is needed");
  }
  return { currencyCode, units: BigInt(units), nanos: Number(decimals.padEnd(9, "0")) };
}

const maxUnits = 2n ** 63n - 1n;

/** An amount exactly, as in `49.90 EUR`: two decimal places, or as many as it takes. */
export function moneyText({
  currencyCode,
  units,
  nanos,
}: {
  currencyCode: string;
  units: bigint;
  nanos: number;
}): string {
  const decimals = String(Math.abs(nanos))
    .padStart(9, "0")
    .replace(/0{1,7}$/, "");
  const sign = units < 0n || nanos < 0 ? "-" : "";
  return `${sign}${units < 0n ? -units : units}.${decimals} ${currencyCode}`;
}
