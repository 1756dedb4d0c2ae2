import { type Amount, formatAmount } from "../../../client/shared/money-text.ts";
import { locale } from "./locale.ts";

const formats = new Map<string, Intl.NumberFormat>();

/** Writes an amount with its currency, exactly: units are not turned into floating point. */
export function formatMoney(money: Amount & { readonly currencyCode: string }): string {
  return formatDecimal(formatAmount(money), money.currencyCode);
}

/** Writes a decimal number of any length, such as `-11062.06`, with its currency, exactly. */
export function formatDecimal(decimal: string, currencyCode: string): string {
  const format = formatOf(currencyCode);
  // The type asks for a number's text; a text that is none is written as NaN.
  return format === undefined ? `${decimal} ${currencyCode}`.trim() : format.format(decimal as `${number}`);
}

// Undefined for what is no currency code.
function formatOf(currency: string): Intl.NumberFormat | undefined {
  const known = formats.get(currency);
  if (known !== undefined || !/^[A-Z]{3}$/.test(currency)) return known;
  const made = new Intl.NumberFormat(locale, { style: "currency", currency, maximumFractionDigits: 9 });
  formats.set(currency, made);
  return made;
}
