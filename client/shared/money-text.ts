import type { MessageInitShape } from "@bufbuild/protobuf";
import type { MoneySchema } from "../../gen/google/type/money_pb.ts";
import { type Amount, formatAmount, parseAmount } from "./amount-text.ts";

/**
 * Reads an amount such as `49.90` exactly, with up to nine decimal places.
 *
 * Throws an error whose message says what would be right, to be followed by "not …".
 */
export function parseMoney(text: string, currencyCode: string): MessageInitShape<typeof MoneySchema> {
  const amount = parseAmount(text.trim());
  if (amount === undefined || amount.units < 0n || amount.nanos < 0) {
    throw new Error("an amount such as 49.90, not negative and with at most nine decimal places, is needed");
  }
  return { currencyCode, ...amount };
}

/** An amount exactly, as in `49.90 EUR`: two decimal places, or as many as it takes. */
export function moneyText({ currencyCode, units, nanos }: Amount & { readonly currencyCode: string }): string {
  const [whole = "", decimals = ""] = formatAmount({ units, nanos }).split(".");
  return `${whole}.${decimals.padEnd(2, "0")} ${currencyCode}`;
}
